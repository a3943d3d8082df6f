"""Group `report`: the walk-forward report of a series."""

from datetime import UTC, datetime

import dagster as dg
import polars as pl

from mlplatform import __version__
from mlplatform.adapters.bars.book import BarBook
from mlplatform.adapters.home import Home
from mlplatform.adapters.tracking.port import Tracker
from mlplatform.domain.series import Series
from mlplatform.domain.tables import REPORTS
from mlplatform.orchestration.account import ACCOUNT_MATTERS
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.desks.study import Frames, study_of
from mlplatform.orchestration.stamp import Stamp
from mlplatform.settings import StudySettings

_MATTERS = ("cadence", "train_periods", "trials", "seed", "capital_usd", "embargo_minutes")
_MATTERS += ("tuning_seconds", "known_good", "class_weight")
_MATTERS += ("max_contracts", "max_quarantined_frac", "gate_min_trades", "from_period", "to_period")
_MATTERS += ("strategy", "size_method", *ACCOUNT_MATTERS)
_MATTERS += ("stop_smooth_weight", "stop_min_ticks", "stop_max_ticks")


def walk_forward_report(workshop: Workshop) -> dg.AssetsDefinition:
    """The report."""
    modules = ("orchestration.desks.study", "orchestration.desks.report_files", "reports.summary")
    card = workshop.card("report", {"html", "json"}, REPORTS, modules, _MATTERS, by_series=True)
    everything = dg.AssetIn(partition_mapping=workshop.axis.all_periods())

    @dg.asset(
        **card,
        ins=dict.fromkeys(("bars", "decisions", "policy"), everything),
        description="Baseline and ML side by side: the page, its figures, trades, pictures.",
    )
    def walk_forward_report(  # noqa: PLR0913 - its inputs are the asset's parents
        context: dg.AssetExecutionContext,
        bars: pl.DataFrame,
        decisions: pl.DataFrame,
        policy: pl.DataFrame,
        backtest: pl.DataFrame,
        equity: pl.DataFrame,
        champion: pl.DataFrame,
        home: dg.ResourceParam[Home],
        book: dg.ResourceParam[BarBook],
        settings: dg.ResourceParam[StudySettings],
        stamp: dg.ResourceParam[Stamp],
        tracker: dg.ResourceParam[Tracker],
    ) -> dg.MaterializeResult:
        from mlplatform.orchestration.desks.report_files import (
            catalog_pictures,
            keep_report,
            package_versions,
            write_report,
        )
        from mlplatform.reports.evaluation import evaluate
        from mlplatform.reports.pictures import pictures

        series = context.partition_key
        study = study_of(
            Series.parse(series),
            Frames(
                bars, decisions, policy, backtest, equity, *_finer_bars(series, home, book, bars)
            ),
            book.chapter(series),
            settings,
            _provenance(context, policy, champion, book)
            | {
                "earlier_studies": _earlier_studies(tracker, series, policy),
                "versions": package_versions(),
            },
        )
        evaluation = evaluate(study)
        folder, drawn = home.report(series), pictures(study, evaluation)
        study, report, identity = keep_report(tracker, study, evaluation, drawn)
        write_report(folder, study, evaluation, report, drawn)
        row = {"name": ["report.json"], "sha256": [identity]}
        told = {
            "report": dg.MetadataValue.path(str(folder / "report.html")),
        } | catalog_pictures(study, evaluation)
        return stamp.result(context, REPORTS.frame(row), told)

    return walk_forward_report


def _earlier_studies(tracker: Tracker, series: str, policy: pl.DataFrame) -> int:
    """Other recipes (settings or code) that were registered for the series: each was a look."""
    return len(tracker.recipes(series) - set(policy["recipe"]))


def _finer_bars(
    series: str, home: Home, book: BarBook, bars: pl.DataFrame
) -> tuple[pl.DataFrame | None, str | None]:
    """The longest finer bars of the instrument that the home holds, over the same time.

    They are read as they are now: new ones do not make the report run again by themselves.
    """
    own = Series.parse(series)
    others = [Series.parse(name) for name in book.series()]
    finer = [
        other
        for other in others
        if other.instrument == own.instrument
        and other.timeframe.seconds < own.timeframe.seconds
        and own.timeframe.seconds % other.timeframe.seconds == 0
    ]
    for other in sorted(finer, key=lambda item: -item.timeframe.seconds):
        periods = home.lake.periods("bars", other.name)
        if periods:
            held = home.lake.read("bars", other.name, periods)
            last = bars["ts"][-1] + own.timeframe.delta
            span = held.filter(pl.col("ts") >= bars["ts"][0], pl.col("ts") < last)
            if not span.is_empty():
                return span, other.name
    return None, None


def _provenance(
    context: dg.AssetExecutionContext,
    policy: pl.DataFrame,
    champion: pl.DataFrame,
    book: BarBook,
) -> dict[str, object]:
    """When, where and by which versions: the one part of a report that may differ."""
    earlier = context.instance.fetch_materializations(context.asset_key, limit=1000).records
    looks = sum(1 for record in earlier if record.partition_key == context.partition_key)
    return {
        "dagster_run": context.run.run_id,
        "command": _command(context, book),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "platform_version": __version__,
        "policy_versions": dict(policy.select("period", "version").iter_rows()),
        "champion": {name: champion[name][0] for name in ("version", "moved", "reason")},
        "earlier_looks": looks,
    }


def _command(context: dg.AssetExecutionContext, book: BarBook) -> str:
    """The command that makes the report again; its settings are in the home."""
    series = Series.parse(context.partition_key)
    held = book.chapter(series.name).deliveries[-1]
    spec = held.spec
    # What was ingested is in the home; a linked source is named.
    parts = [f"--data {spec.path if spec.kind == 'file' else spec.kind}"] if held.is_linked else []
    parts += [f"--instrument {series.instrument.symbol}", f"--timeframe {series.timeframe.name}"]
    parts += [f"--timezone {spec.timezone}"] if spec.timezone else []
    return " ".join(["mlplatform run", *parts, f"--home {book.home.root}"])
