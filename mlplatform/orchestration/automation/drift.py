"""Whether the market has left what the models learned from."""

from collections.abc import Callable, Iterator

import dagster as dg
import polars as pl

from mlplatform.adapters.lake import Lake
from mlplatform.adapters.notifications import Notice, Notifier

_EVERY_S = 3600
DRIFTED = "drifted"
Requests = Callable[[dg.DagsterInstance, str], list[dg.RunRequest]]


def drift_sensor(
    drift_of: Callable[[], dict[str, float]],
    due: Requests,
    limit_frac: float,
    notifier: Notifier,
) -> dg.SensorDefinition:
    """Where more of the model inputs drifted than the limit, it tells people and trains the windows
    that are `due`; once, until the share falls below the limit again.

    A window that is trained knows all periods before its own, so that the same window trained again
    would be the same models: where none is due, the notice says so. `drift_of` gives the share by
    series.
    """

    @dg.sensor(
        name="inputs_drifted",
        job_name="train",
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Retrains where more than {limit_frac:.0%} of the model inputs drifted.",
    )
    def inputs_drifted(
        context: dg.SensorEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        known = set(filter(None, (context.cursor or "").split(",")))
        found = {name: share for name, share in drift_of().items() if share > limit_frac}
        news = sorted(set(found) - known)
        for name in news:
            requests = due(context.instance, name)
            notifier.tell(drift_notice(name, found[name], limit_frac, len(requests)))
            yield from requests
        if not news:
            yield dg.SkipReason("No series has newly drifted.")
        context.update_cursor(",".join(sorted(found)))

    return inputs_drifted


def drift_notice(series: str, share: float, limit_frac: float, windows: int) -> Notice:
    """What drifted, and what is done about it."""
    done = (
        f"{windows} windows that were due are trained."
        if windows
        else "No window is due: the newest models know all periods before theirs. Weekly windows "
        "(--cadence week in a new home) would follow faster."
    )
    return Notice(
        f"mlplatform: inputs of {series} drifted",
        f"{share:.0%} of the model inputs are distributed otherwise than in the periods before "
        f"(limit {limit_frac:.0%}). {done}",
        "warning",
    )


def drifted_frac(lake: Lake, series: str) -> float | None:
    """Share of the model inputs that asset `feature_report` calls drifted, None without it."""
    if not lake.has("feature_report", series):
        return None
    told = lake.read("feature_report", series)
    drift = told.unique("feature").select((pl.col("drift") == DRIFTED).mean()).item()
    return None if drift is None else float(drift)
