"""The sentences and rows of the page of features, every cell as people read it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlplatform.reports.wording import MINUS, NONE
from mlplatform.studies.feature_analysis.analysis import FeatureAnalysis
from mlplatform.studies.feature_analysis.association import DISCOVERY_RATE
from mlplatform.studies.feature_analysis.expectancy import BINS

SHAPES = {
    "rising": "better when high",
    "falling": "better when low",
    "extremes": "better at extremes",
    "middle": "better in the middle",
    "noise": "as chance",
}


@dataclass(frozen=True)
class BinCell:
    """Mean R of one bin, and in words what it is made of; `kind` is good, bad or empty."""

    text: str
    title: str
    kind: str


@dataclass(frozen=True)
class FeatureLine:
    """One feature in words."""

    name: str
    about: str
    shape: str
    is_found: bool
    correlation: str
    p: str
    q: str
    bins: tuple[BinCell, ...]
    monotonicity: str
    sign_share: str
    consistency: str
    psi: str
    ks: str
    drift: str


@dataclass(frozen=True)
class ClusterLine:
    """Features that say the same: which one is proposed, the medoid, and the others."""

    kept: str
    medoid: str
    others: str
    size: int


def headline(found: FeatureAnalysis) -> str:
    """What the page says, in a sentence."""
    tested, sure = found.looked_at, len(found.discoveries)
    if not tested:
        return "Nothing can be said of the features yet."
    if not sure:
        return f"None of {tested} features says more about the outcome than chance would."
    verb = "says" if sure == 1 else "say"
    return f"{sure} of {tested} features {verb} more about the outcome than chance would."


def noise_lines(found: FeatureAnalysis) -> list[str]:
    """What is noise at this sample size, a sentence each; empty where nothing was tested."""
    if not found.looked_at:
        return []
    p = found.association.p_value
    small, tested = int((p < 0.05).sum()), found.looked_at
    limit = float(np.nanmedian(found.association.correlation_by_chance))
    return [
        f"{found.outcomes:,} candidates have an outcome, but they lie on {found.outcome_days:,} "
        "trading days, and it is days that count: candidates of a day share its market.",
        f"With so many days a rank correlation between {MINUS}{limit:.3f} and {limit:.3f} "
        "(the median feature's) cannot be told from none.",
        f"Of {tested} features that say nothing, about {0.05 * tested:.0f} would have p below "
        f"0.05; {small} {'has' if small == 1 else 'have'}. Corrected for {tested} looks "
        f"by Benjamini and Hochberg at {DISCOVERY_RATE:.0%}, {len(found.discoveries)} "
        f"{'remains' if len(found.discoveries) == 1 else 'remain'}.",
    ]


def feature_line(
    found: FeatureAnalysis, place: int, about: Mapping[str, tuple[str, str]]
) -> FeatureLine:
    """One feature that varies."""
    a, s, d = found.association, found.stability, found.drift
    name = found.names[place]
    what, unit = about.get(name, ("", ""))
    return FeatureLine(
        name=name,
        about=f"{what}, {unit}".strip(", "),
        shape=SHAPES[a.shape[place]],
        is_found=bool(a.is_discovery[place]),
        correlation=number(a.rank_correlation[place], "+.3f"),
        p=small_number(a.p_value[place]),
        q=small_number(a.q_value[place]),
        bins=tuple(_bin(found, place, k) for k in range(BINS)),
        monotonicity=number(found.quantiles.monotonicity[place], "+.1f"),
        sign_share=number(s.sign_share[place], ".0%"),
        consistency=number(s.rank_consistency[place], "+.2f"),
        psi=number(d.psi[place], ".3f"),
        ks=number(d.ks[place], ".3f"),
        drift=d.verdict[place],
    )


def cluster_lines(found: FeatureAnalysis) -> list[ClusterLine]:
    """Clusters of two and more, the largest first."""
    cluster = found.redundancy.cluster
    lines = []
    for label in np.unique(cluster):
        members = np.flatnonzero(cluster == label)
        if len(members) < 2:
            continue
        kept = next(i for i in members if found.proposals[i].is_kept)
        others = [found.names[i] for i in members if i != kept]
        medoid = found.names[found.redundancy.medoid[kept]]
        lines.append(ClusterLine(found.names[kept], medoid, ", ".join(others), len(members)))
    return lines


def number(value: float, pattern: str) -> str:
    """A figure with a true minus; a dash where there is none."""
    if np.isnan(value):
        return NONE
    return format(float(value), pattern).replace("-", MINUS)


def small_number(value: float) -> str:
    """A probability: three digits, or below 0.001."""
    if np.isnan(value):
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _bin(found: FeatureAnalysis, place: int, k: int) -> BinCell:
    q = found.quantiles
    rows = int(q.rows[place, k])
    if not rows:
        return BinCell(NONE, "the feature has fewer values than bins", "empty")
    low, high = q.mean_r_low[place, k], q.mean_r_high[place, k]
    between = f"{number(low, '.3f')} to {number(high, '.3f')} R with 95 %"
    if np.isnan(low):
        between = "too few days for an interval"
    span = f"{number(q.lowest[place, k], '.4g')} to {number(q.highest[place, k], '.4g')}"
    wins = f"wins {number(q.win_rate[place, k], '.1%')}"
    if not np.isnan(low):
        wins += f" ({number(q.win_rate_low[place, k], '.1%')} to "
        wins += f"{number(q.win_rate_high[place, k], '.1%')})"
    title = f"{span}: {between}, {wins}, {rows:,} candidates on {q.days[place, k]:,} days"
    kind = "good" if low > found.mean_r else "bad" if high < found.mean_r else "usual"
    return BinCell(number(q.mean_r[place, k], "+.2f"), title, kind)
