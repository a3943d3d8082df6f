"""`mlplatform prune`: remove what is old and nothing refers to any more; or only say it."""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.automation.pruning import plan_now
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.retention.holdings import Kind, Plan
from mlplatform.orchestration.retention.looking import Shop
from mlplatform.orchestration.retention.removing import remove
from mlplatform.orchestration.steps.turn import close_abandoned
from mlplatform.settings import SETTINGS_FILE, load_settings


def prune(home_root: Path, is_dry: bool, console: Console) -> None:
    """Print a line for each thing that goes; raises InputError where there is no home, or a run is
    at work in it.
    """
    if not (home_root / SETTINGS_FILE).is_file():
        raise InputError(f"{home_root} is no home yet: run `mlplatform run` first.")
    prune_platform(build_platform(home_root, load_settings(home_root)), is_dry, console)


def prune_platform(
    platform: Platform, is_dry: bool, console: Console, at: datetime | None = None
) -> Plan:
    """The same, of a platform that is wired; `at` is now."""
    with open_instance(platform.home) as instance:
        close_abandoned(instance, platform.home.turns)
        shop = Shop(
            platform.home,
            platform.book,
            platform.stamp.lineage,
            platform.tracker,
            platform.storage,
            instance,
        )
        plan = plan_now(shop, platform.settings, at or datetime.now(UTC))
        for sentence in plan.spared:
            console.print(f"{'stays':<8} {sentence}", soft_wrap=True, highlight=False)
        for item in plan.removals if is_dry else remove(shop, plan):
            line = f"{item.kind:<8} {item.name}: {item.why}"
            console.print(line, soft_wrap=True, markup=False, highlight=False)
        counts = ", ".join(_told(kind, count) for kind, count in plan.counts().items())
        done = "Would go" if is_dry else "Gone"
        console.print(f"{done}: {counts}." if counts else "Nothing is old enough to go.")
    return plan


def _told(kind: Kind, count: int) -> str:
    if count == 1:
        return f"1 {kind}"
    return f"{count} {'studies' if kind == 'study' else kind + 's'}"
