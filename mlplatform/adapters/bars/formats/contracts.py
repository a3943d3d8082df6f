"""Contract names as vendors write them, brought to one form: ESM5."""

import re
from functools import lru_cache

from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import Instrument

_MONTHS = "FGHJKMNQUVXZ"
_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ROOT = r"(?P<root>[A-Z0-9]{1,5}?)"
_FORMS = (
    re.compile(_ROOT + rf"(?P<letter>[{_MONTHS}])(?P<year>\d|\d\d|20\d\d)"),  # ESZ24, ESZ4
    re.compile(_ROOT + r"[ _-](?P<month>0[1-9]|1[0-2])-(?P<year>\d\d|20\d\d)"),  # ES 12-24
    re.compile(_ROOT + rf" ?(?P<name>{'|'.join(_NAMES)}) ?(?P<year>\d\d|20\d\d)"),  # ES DEC24
    re.compile(_ROOT + r"[ _-]?(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(\d\d)?"),  # ES 202412
)
# ES, ES1!, ES=F, @ES, @ES#C, ES.c.0, ES.v.0, ES.FUT, ESc1: a continuous series.
_CONTINUOUS = re.compile(r"([A-Z0-9]{1,6}?)(\d!|=F|#C?|\.[CVN]\.\d|\.FUT|C\d|_F|[ _-]?##-##)?")
_EXCHANGE = r"(CME|CBOT|COMEX|NYMEX|GLOBEX)(_[A-Z]+)?:"
_DECORATION = re.compile(rf"^{_EXCHANGE}|^[@/]|(:XCME|\.CME)$")
_SPREAD = re.compile(rf"[A-Z0-9]*[{_MONTHS}]\d{{1,2}}-[A-Z0-9]*[{_MONTHS}]\d{{1,2}}|.+:.+|UD:.*")


@lru_cache(maxsize=4096)
def split_contract(written: str) -> tuple[str, str]:
    """Root and contract of a vendor's name: ("ES", "ESZ4") of "ES 12-24" or "@ESZ24".

    The contract is empty for a continuous series ("ES1!"). A spread has no root, and stays as it
    is written: validation refuses its rows.
    """
    name = written.strip().upper()
    if not name:
        return "", ""
    name = _DECORATION.sub("", _DECORATION.sub("", name))
    for form in _FORMS:
        match = form.fullmatch(name)
        if match:
            return match["root"], match["root"] + _letter(match.groupdict()) + match["year"][-1]
    if _SPREAD.fullmatch(name):
        return "", written.strip()
    match = _CONTINUOUS.fullmatch(name)
    return (match[1] if match else name), ""


def check_roots(roots: set[str], instrument: Instrument, name: str) -> None:
    """Refuse a file of another instrument, or of several; raises InputError."""
    others = sorted(roots - {"", instrument.symbol})
    if not others:
        return
    if len(roots - {""}) > 1:
        listed = ", ".join(sorted(roots - {""}))
        raise InputError(f"{name} holds mixed instruments ({listed}): give one file for each.")
    raise InputError(
        f"{name} is {others[0]}, not {instrument.symbol}: say --instrument {others[0]}, "
        f"or give a file of {instrument.symbol}."
    )


def _letter(parts: dict[str, str | None]) -> str:
    if letter := parts.get("letter"):
        return letter
    if month := parts.get("month"):
        return _MONTHS[int(month) - 1]
    return _MONTHS[_NAMES.index(str(parts["name"]))]
