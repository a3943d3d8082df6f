"""Names of contracts come to one form; other instruments are refused."""

import pytest

from mlplatform.adapters.bars.formats.contracts import check_roots, split_contract
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of


@pytest.mark.parametrize(
    "written",
    ["ESZ4", "ESZ24", "ESZ2024", "ES 12-24", "ES_12-2024", "@ESZ24", "/ESZ24", "ES DEC24",
     "ES DEC 2024", "ES 202412", "ES20241220", "CME_MINI:ESZ2024", "esz24", " ESZ4 "],
)  # fmt: skip
def test_every_way_to_write_a_contract_is_one_contract(written: str) -> None:
    assert split_contract(written) == ("ES", "ESZ4")


@pytest.mark.parametrize(
    "written",
    ["ES", "ES1!", "ES2!", "ES=F", "@ES", "@ES#C", "ES.c.0", "ES.v.0", "ES.FUT", "ESc1", "ES ##-##",
     "CME_MINI:ES1!"],
)  # fmt: skip
def test_a_continuous_series_has_no_contract(written: str) -> None:
    assert split_contract(written) == ("ES", "")


@pytest.mark.parametrize("written", ["ESH5-ESM5", "ESZ24-ESH25", "UD:1V: 12 abc"])
def test_a_spread_has_no_root_and_stays_as_it_is(written: str) -> None:
    assert split_contract(written) == ("", written)


@pytest.mark.parametrize(
    ("written", "month"),
    [("MESH5", "MESH5"), ("MES 06-25", "MESM5"), ("NQ SEP25", "NQU5"), ("MNQZ2025", "MNQZ5")],
)
def test_month_and_root_are_kept_apart(written: str, month: str) -> None:
    assert split_contract(written) == (month[:-2], month)


def test_no_name_is_no_contract() -> None:
    assert split_contract("") == ("", "")


def test_other_roots_are_refused_by_name() -> None:
    es = instrument_of("ES")
    check_roots({"ES", ""}, es, "a.csv")
    check_roots(set(), es, "a.csv")
    with pytest.raises(InputError, match="is NQ, not ES: say --instrument NQ"):
        check_roots({"NQ", ""}, es, "a.csv")
    with pytest.raises(InputError, match=r"mixed instruments \(ES, NQ\)"):
        check_roots({"ES", "NQ"}, es, "a.csv")
    with pytest.raises(InputError, match="is MES, not ES"):
        check_roots({"MES"}, es, "a.csv")
