"""`build_definitions()`: fresh Definitions from settings, with any resource overridden."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dagster as dg

from mlplatform.adapters.bars.book import BarBook
from mlplatform.adapters.home import Home
from mlplatform.adapters.notifications import AppriseNotifier, Notifier
from mlplatform.adapters.studies import StudyStorage
from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform.adapters.tracking.port import Tracker
from mlplatform.domain.periods import PeriodAxis
from mlplatform.orchestration.assets import (
    analysis,
    comparison,
    detector,
    market,
    models,
    report,
    research,
    trading,
)
from mlplatform.orchestration.automation import schedules
from mlplatform.orchestration.automation.freshness import with_freshness
from mlplatform.orchestration.automation.pruning import prune_job, prune_schedule
from mlplatform.orchestration.automation.sensors import sensors
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.checks import champion
from mlplatform.orchestration.desks.windows import WindowDesk
from mlplatform.orchestration.desks.yard import MarketYard
from mlplatform.orchestration.intake_jobs import intake_jobs
from mlplatform.orchestration.io import kept_in, lake_io_manager
from mlplatform.orchestration.own_strategy import home_strategy
from mlplatform.orchestration.planning.axis import Axis
from mlplatform.orchestration.planning.lineage import Lineage
from mlplatform.orchestration.stamp import Stamp
from mlplatform.orchestration.steps.executors import executor_of
from mlplatform.orchestration.steps.log_lines import JSON_LINES, json_lines, log_config
from mlplatform.orchestration.steps.progress import PROGRESS, OnStep, step_logger
from mlplatform.settings import StudySettings, home_path, load_settings
from mlplatform.strategies.strategy import Strategy

_ASSETS = (
    *(market.raw_bars, market.contract_bars, market.rolls, market.bars, market.quarantined_bars),
    *(research.features, research.candidates, research.labels),
    *(detector.setup_detector, detector.detector_scores),
    *(models.stop_model, models.entry_model, models.size_model, models.policy),
    *(trading.decisions, trading.backtest, trading.equity, trading.champion),
    comparison.model_comparison,
    analysis.feature_report,
    report.walk_forward_report,
)
_CHECKS = (champion.recipe_may_be_champion,)


@dataclass(frozen=True)
class Platform:
    """Everything that stands around the pure rooms, wired once."""

    home: Home
    settings: StudySettings
    book: BarBook
    tracker: Tracker
    stamp: Stamp
    storage: StudyStorage
    strategy: Strategy
    definitions: dg.Definitions


def build_platform(
    home_root: Path,
    settings: StudySettings,
    overrides: Mapping[str, object] | None = None,
    on_step: OnStep | None = None,
    strategy: Strategy | None = None,
) -> Platform:
    """Wire home, settings, assets, checks, schedules and resources.

    Runs that choose the logger `progress` tell finished steps to `on_step`. `strategy` is that of
    the settings where the home does not keep it yet. Raises InputError where it cannot be had.
    """
    chosen = strategy or home_strategy(Home(home_root), settings.strategy)
    with _accepted_warnings():
        return _wire(home_root, settings, dict(overrides or {}), on_step, chosen)


@contextmanager
def _accepted_warnings() -> Iterator[None]:
    """Dagster calls partition mappings of two dimensions beta, partitioned checks a preview. Their
    use is held by the graph's snapshot test, so the user need not hear of it at each start.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield


def _wire(
    home_root: Path,
    settings: StudySettings,
    overrides: dict[str, object],
    on_step: OnStep | None,
    strategy: Strategy,
) -> Platform:
    home = Home(home_root, settings.lake_uri, settings.dagster_home)
    axis = Axis(PeriodAxis(settings.cadence, settings.first_period))
    workshop = Workshop(axis, settings, strategy)
    assets = with_freshness((build(workshop) for build in _ASSETS), settings.cadence)
    book = BarBook(home, axis.periods)
    uri = settings.mlflow_uri or f"sqlite:///{home.mlflow / 'mlflow.db'}"
    place = None if settings.mlflow_uri else home.mlflow / "artifacts"
    tracker: Tracker = overrides.get("tracker") or MlflowTracker(  # type: ignore[assignment]
        uri, place, settings.model_plots
    )

    kept = partial(kept_in, home.lake)
    stamp = Stamp(settings, book, kept, Lineage.of(axis.periods, assets))
    storage = StudyStorage(home.optuna, settings.optuna_url)
    resources: dict[str, object] = {
        "io_manager": lake_io_manager(home.lake, stamp, home.turns),
        "home": home,
        "settings": settings,
        "book": book,
        "yard": MarketYard(axis.periods, settings, book),
        "tracker": tracker,
        "stamp": stamp,
        "desk": WindowDesk(axis.periods, settings, tracker, storage, strategy.setup_names),
    }
    notifier: Notifier = overrides.pop("notifier", None) or AppriseNotifier()  # type: ignore[assignment]
    logs = log_config(settings.log_format)
    loggers = {PROGRESS: step_logger(on_step or (lambda _: None)), JSON_LINES: json_lines}
    jobs, prune = schedules.jobs(logs), prune_job(loggers, logs)
    definitions = dg.Definitions(
        assets=assets,
        asset_checks=[build(workshop) for build in _CHECKS],
        jobs=[*jobs.values(), *intake_jobs(loggers, logs), prune],
        schedules=[*schedules.schedules(jobs, stamp), prune_schedule(prune, settings)],
        sensors=sensors(home, stamp, settings, tracker, notifier),
        resources=resources | dict(overrides),
        executor=executor_of(settings),
        loggers=loggers,
    )
    return Platform(home, settings, book, tracker, stamp, storage, strategy, definitions)


def build_definitions(
    home_root: Path | None = None, resource_overrides: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Fresh Definitions of a home: the argument, MLPLATFORM_HOME, or .mlplatform here."""
    root = home_path(home_root)
    return build_platform(root, load_settings(root), resource_overrides).definitions
