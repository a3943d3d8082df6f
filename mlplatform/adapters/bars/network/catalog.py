"""The network sources by name, and their settings in one place."""

from dataclasses import dataclass, field

from mlplatform.adapters.bars.network.download import utc_now
from mlplatform.adapters.bars.network.dukascopy import DukascopyBars, DukascopySettings
from mlplatform.adapters.bars.network.ib import IbBars
from mlplatform.adapters.bars.network.ib_gateway import IbSettings
from mlplatform.adapters.bars.network.pacing import Clock
from mlplatform.adapters.bars.network.port import NetworkSource
from mlplatform.adapters.bars.network.yahoo import YahooBars
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series

NETWORK_KINDS = (YahooBars.kind, IbBars.kind, DukascopyBars.kind)
"""What `open_source` knows."""


@dataclass(frozen=True)
class NetworkSettings:
    """Hosts and credentials of the vendors; yfinance knows Yahoo's."""

    ib: IbSettings = field(default_factory=IbSettings)
    dukascopy: DukascopySettings = field(default_factory=DukascopySettings)


def open_source(
    kind: str,
    series: Series,
    settings: NetworkSettings | None = None,
    rth_only: bool = False,
    clock: Clock = utc_now,
) -> NetworkSource:
    """The source of that name; connects to nothing yet. Raises InputError where it has no such
    series, or where `rth_only` is asked of a vendor that cannot leave the rest out.
    """
    settings = settings or NetworkSettings()
    if kind not in NETWORK_KINDS:
        raise InputError(f"Unknown source '{kind}': use one of {', '.join(NETWORK_KINDS)}.")
    if kind == IbBars.kind:
        return IbBars(series, settings.ib, rth_only, clock)
    if rth_only:
        raise InputError(f"--rth-only is for {IbBars.kind}: leave it out for {kind}.")
    if kind == DukascopyBars.kind:
        return DukascopyBars(series, settings.dukascopy, clock)
    return YahooBars(series, clock)
