"""By when bars, models and reports must have been made; Dagster's catalog shows what is late."""

from collections.abc import Iterable
from datetime import timedelta

import dagster as dg

from mlplatform.domain.periods import Cadence

CHICAGO = "America/Chicago"
_A_DAY = timedelta(hours=24)
_LONGEST = {Cadence.MONTH: timedelta(days=35), Cadence.WEEK: timedelta(days=10)}


def freshness_of(cadence: Cadence) -> dict[str, dg.FreshnessPolicy]:
    """The policies by asset. Bars and report follow each trading day's close; policies follow
    each period, with some days of grace.
    """
    longest = _LONGEST[cadence]
    return {
        "bars": dg.FreshnessPolicy.cron("0 18 * * 1-5", _A_DAY, CHICAGO),
        "policy": dg.FreshnessPolicy.time_window(longest, warn_window=longest - _A_DAY * 2),
        "walk_forward_report": dg.FreshnessPolicy.cron("0 20 * * 1-5", _A_DAY, CHICAGO),
    }


def with_freshness(
    assets: Iterable[dg.AssetsDefinition], cadence: Cadence
) -> list[dg.AssetsDefinition]:
    """The same assets, those with a policy carrying it."""
    policies = freshness_of(cadence)

    def fresh(spec: dg.AssetSpec) -> dg.AssetSpec:
        policy = policies.get(spec.key.path[-1])
        return spec if policy is None else dg.apply_freshness_policy(spec, policy)

    return [asset.map_asset_specs(fresh) for asset in assets]
