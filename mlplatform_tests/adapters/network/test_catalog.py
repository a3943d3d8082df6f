"""The sources by name."""

import pytest

from mlplatform.adapters.bars.network.catalog import NETWORK_KINDS, NetworkSettings, open_source
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.testing.network_sources import is_one_sentence

ES = Series.parse("ES-5m")


@pytest.mark.parametrize("kind", NETWORK_KINDS)
def test_each_kind_opens_without_a_connection(kind: str) -> None:
    source = open_source(kind, ES, NetworkSettings())
    assert (source.kind, source.series) == (kind, ES)


@pytest.mark.parametrize(("kind", "rth_only"), [("nope", False), ("yahoo", True)])
def test_what_cannot_be_opened_is_told_in_one_sentence(kind: str, rth_only: bool) -> None:
    with pytest.raises(InputError) as told:
        open_source(kind, ES, rth_only=rth_only)
    is_one_sentence(str(told.value))


def test_regular_hours_are_for_interactive_brokers() -> None:
    assert open_source("ib", ES, rth_only=True).note is not None
