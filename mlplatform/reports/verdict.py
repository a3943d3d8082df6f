"""The one sentence that heads the report, made by rules that are written down here.

1. Fewer than 30 trades of ML or 20 trading days: too little to judge.
2. The 98 % interval of ML's mean daily result lies below zero: ML lost money.
3. It lies above zero, and so does that of the paired daily difference to the baseline: evidence of
   an edge, and of one over the baseline.
4. It lies above zero, the difference does not: evidence of an edge, none of one over the baseline.
5. Otherwise: no evidence of an edge.

Each bound of the interval is crossed by chance once in a hundred times, so a claim of an edge has
a nominal error rate of 1 %. It does not allow for how many settings were tried before this study.
"""

from dataclasses import dataclass

from mlplatform.metrics.bootstrap import MINIMUM_DAYS, Interval, mean_interval
from mlplatform.metrics.undefined import Undefined
from mlplatform.reports.evaluation import daily_net_usd
from mlplatform.reports.wording import in_unit
from mlplatform.studies.result import StudyResult

MINIMUM_TRADES = 30
CAVEAT = "The intervals do not allow for how many settings were tried before."


@dataclass(frozen=True)
class Verdict:
    """`kind`: edge, edge_not_over_baseline, none, loss or too_little; `basis`: the figures."""

    kind: str
    sentence: str
    basis: str


def judge(study: StudyResult) -> Verdict:
    """The verdict on policy `ml`; the same study gives the same verdict."""
    seed = study.settings.get("seed")
    seed = seed if isinstance(seed, int) else 0
    ml = daily_net_usd(study.policies["ml"], study.capital_usd)
    baseline = daily_net_usd(study.policies["baseline"], study.capital_usd)
    trades = study.policies["ml"].trades.height
    own = mean_interval(ml, seed)
    if isinstance(own, Undefined) or trades < MINIMUM_TRADES:
        return Verdict(
            "too_little",
            "Too little to judge.",
            f"{trades} ML trade{'' if trades == 1 else 's'} on {in_unit(ml.size, 'days')};"
            f" a verdict needs {MINIMUM_TRADES} trades and {MINIMUM_DAYS} days.",
        )
    if study.policies["ml"].daily["session_date"].to_list() != (
        study.policies["baseline"].daily["session_date"].to_list()
    ):
        raise ValueError("baseline and ML must be marked on the same trading days")
    difference = mean_interval(ml - baseline, seed)
    if isinstance(difference, Undefined):  # cannot be: it has as many days as `own`
        raise ValueError(difference.reason)
    kind, sentence = _ruling(own, difference)
    basis = (
        f"ML's mean day: {_money(own.mean)} ({_bounds(own)}). Its difference to the baseline's:"
        f" {_money(difference.mean, signed=True)} ({_bounds(difference)}). {CAVEAT}"
    )
    return Verdict(kind, sentence, basis)


def _ruling(own: Interval, difference: Interval) -> tuple[str, str]:
    if own.high < 0.0:
        return "loss", "ML lost money, more than chance explains."
    if own.low <= 0.0:
        return "none", "No evidence of an edge: what ML made could be luck."
    if difference.low > 0.0:
        return "edge", "Evidence of an edge: ML made money, and more than the baseline."
    return (
        "edge_not_over_baseline",
        "Evidence of an edge, but not that ML adds to the baseline.",
    )


def _money(usd: float, *, signed: bool = False) -> str:
    plus = "+" if signed and usd > 0 else ""
    return plus + in_unit(usd, "usd_cents")


def _bounds(interval: Interval) -> str:
    low, high = (
        in_unit(b, "usd_cents").removesuffix(" USD") for b in (interval.low, interval.high)
    )
    return f"{interval.confidence:.0%} interval {low} to {high} USD".replace("%", " %")
