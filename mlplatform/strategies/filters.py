"""Filters: conditions on a signal bar and its features, written as a trader says them."""

import re
from difflib import get_close_matches

import polars as pl

BAR_COLUMNS = ("open", "high", "low", "close", "volume")
"""What a filter may read beside features: the signal bar itself."""
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_NAME = r"[A-Za-z_]\w*"
_BETWEEN = re.compile(rf"({_NAME})\s+(not\s+)?between\s+({_NUMBER})\s+and\s+({_NUMBER})")
_COMPARED = re.compile(rf"({_NAME})\s*(<=|>=|==|!=|<|>)\s*({_NUMBER}|{_NAME})")
_FORMS = "write NAME > NUMBER, NAME < NAME or NAME between NUMBER and NUMBER"
_NEAREST = 5


def where(text: str, known: frozenset[str]) -> pl.Expr:
    """A boolean expression from `NAME OP VALUE` or `NAME [not] between A and B`.

    OP is one of < <= > >= == !=, VALUE a number or another name; bounds belong to the range.
    Names are features and `BAR_COLUMNS`, as they are known at the signal bar's end. A feature that
    has no value there passes no filter. Raises ValueError that names what is wrong.
    """
    if match := _BETWEEN.fullmatch(text.strip()):
        name, negated, low, high = match.groups()
        if float(low) > float(high):
            raise ValueError(f"filter '{text}' has its bounds the wrong way round")
        inside = pl.col(require_known(name, known, f"filter '{text}'")).is_between(
            float(low), float(high)
        )
        return ~inside if negated else inside
    if match := _COMPARED.fullmatch(text.strip()):
        name, operator, value = match.groups()
        left = pl.col(require_known(name, known, f"filter '{text}'"))
        right = _value(value, known, text)
        return _compared(left, operator, right)
    raise ValueError(f"filter '{text}' is not understood: {_FORMS}")


def require_known(name: str, known: frozenset[str], reader: str) -> str:
    """The name, if it is a feature or a bar column; ValueError with the nearest ones where not."""
    if name in known or name in BAR_COLUMNS:
        return name
    nearest = get_close_matches(name, sorted({*known, *BAR_COLUMNS}), _NEAREST, 0.4)
    hint = f"the nearest are {', '.join(nearest)}; " if nearest else ""
    raise ValueError(
        f"{reader} reads {name}, which is no feature: {hint}"
        f"`mlplatform setups --features` lists all {len(known)}"
    )


def _value(text: str, known: frozenset[str], whole: str) -> pl.Expr:
    if re.fullmatch(_NUMBER, text):
        return pl.lit(float(text))
    return pl.col(require_known(text, known, f"filter '{whole}'"))


def _compared(left: pl.Expr, operator: str, right: pl.Expr) -> pl.Expr:
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "==":
            return left == right
    return left != right
