"""Fetching a series over the network: what is wanted, from whom, and what the cache has of it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mlplatform.adapters.bars.network.catalog import NetworkSettings
from mlplatform.adapters.bars.network.catalog import open_source as open_network
from mlplatform.adapters.bars.network.download import Downloader, Progress
from mlplatform.adapters.bars.network.dukascopy import DukascopySettings
from mlplatform.adapters.bars.network.ib_gateway import IbSettings
from mlplatform.adapters.bars.network.port import Span
from mlplatform.adapters.bars.network.spans import span_before
from mlplatform.adapters.bars.port import Source, SourceSpec
from mlplatform.domain.content import content_hash
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import ORIGIN

RTH_ONLY = "rth"
_USUAL = {"yahoo": "60 D", "ib": "30 D", "dukascopy": "5 D"}
"""How far back a first fetch goes where nobody says."""


@dataclass(frozen=True)
class Wanted:
    """What to ask a vendor for; all None: what is newer than the cache, or the usual span."""

    duration: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    rth_only: bool = False
    is_update: bool = False
    is_offline: bool = False


def fetch(
    series: Series,
    kind: str,
    downloads: Path,
    wanted: Wanted,
    now: datetime,
    settings: NetworkSettings | None = None,
    progress: Progress | None = None,
) -> Source:
    """All that is had of the series at a vendor after asking for what is wanted.

    Raises InputError; what was fetched by then stays in the cache.
    """
    source = open_network(kind, series, settings, wanted.rth_only)
    downloader = Downloader(source, downloads, progress=progress)
    missing = None
    if not wanted.is_offline:
        has_some = bool(downloader.known())
        is_open = wanted.duration is None and wanted.first is None
        if wanted.is_update or (is_open and has_some):
            missing = downloader.update().note
        else:
            missing = downloader.download(_span(kind, wanted, now)).note
    whole = downloader.everything()
    notes = [note for note in (source.note, missing) if note]
    spec = SourceSpec(kind, label=RTH_ONLY if wanted.rth_only else None)
    frame = whole.frame
    told = (
        ("source", source.vendor, ""),
        ("rows", f"{frame.height:,}, {frame['ts'][0]} to {frame['ts'][-1]}", "certain"),
        ("asked", f"{whole.cached} requests in the cache", ""),
    )
    sha256 = content_hash(frame.drop(ORIGIN, strict=False))
    return Source(spec, series, kind, sha256, lambda: iter([frame]), " ".join(notes) or None, told)


class _Hosts(BaseSettings):
    """Hosts and credentials, from the environment only: they are kept in no home."""

    model_config = SettingsConfigDict(env_prefix="MLPLATFORM_", extra="ignore", frozen=True)

    ib_host: str = IbSettings.host
    ib_port: int = IbSettings.port
    ib_client_id: int = IbSettings.client_id
    ib_account: SecretStr = SecretStr("")
    dukascopy_url: SecretStr = SecretStr(DukascopySettings().url)
    """A mirror's address may hold a token."""
    dukascopy_form: Literal["bi5", "json"] = "bi5"


def network_settings() -> NetworkSettings:
    """Hosts and credentials of the vendors; raises InputError that names the variable."""
    try:
        hosts = _Hosts()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"MLPLATFORM_{first['loc'][0]}".upper()
        raise InputError(f"Setting {name}: {first['msg'].lower()}.") from None
    ib = IbSettings(
        hosts.ib_host, hosts.ib_port, hosts.ib_client_id, hosts.ib_account.get_secret_value()
    )
    return NetworkSettings(
        ib, DukascopySettings(hosts.dukascopy_url.get_secret_value(), hosts.dukascopy_form)
    )


def _span(kind: str, wanted: Wanted, now: datetime) -> Span:
    last = wanted.last or now
    if wanted.first is not None:
        if wanted.duration is not None:
            raise InputError("Say --duration or --from, not both.")
        return Span(wanted.first, last)
    return span_before(wanted.duration or _USUAL[kind], last)
