"""The one sentence that heads the report, made by the rules that are written down here.

RULES are these rules, in order. The interval's bound is crossed by chance once in a hundred times,
and rule 3 asks for more beside it, so an edge is claimed on noise at most once in a hundred
studies. The trials of Optuna never see the days that are judged; counting each as an independent
look at them is the severest reading. The report is headed by the verdict that also counts the
earlier studies on the series.
"""

from collections.abc import Sequence

from mlplatform.metrics.bootstrap import MINIMUM_DAYS, Interval
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.certainty.value import Deflation, Verdict

MINIMUM_TRADES = 30
RULES = (
    f"Fewer than {MINIMUM_TRADES} trades of ML or {MINIMUM_DAYS} trading days: too little to"
    " judge.",
    "The 98 % interval of ML's mean day lies below zero: ML lost money.",
    "It lies above zero, but ML's Sharpe ratio is not above the one that the best of all trials"
    " is expected to show without skill: no evidence of an edge.",
    "Both are above, and the 98 % interval of the paired daily difference to the baseline lies"
    " above zero: evidence of an edge over the baseline.",
    "Both are above, the difference is not: evidence of an edge, none that ML adds to the"
    " baseline.",
    "Otherwise: no evidence of an edge.",
)
_SENTENCES = {
    "too_little": "Too little to judge.",
    "loss": "ML lost money, more than chance explains.",
    "deflated": "No evidence of an edge: the best of so many trials would look as good by luck.",
    "edge": "Evidence of an edge: ML made money, and more than the baseline.",
    "edge_not_over_baseline": "Evidence of an edge, but not that ML adds to the baseline.",
    "none": "No evidence of an edge: what ML made could be luck.",
}


def judge(
    counts: tuple[int, int],
    own: Interval | Undefined,
    difference: Interval | Undefined,
    sharpe: Metric,
    deflation: Deflation,
) -> Verdict:
    """The verdict on ML. `counts` are its trades and trading days, `own` and `difference` the
    intervals of its mean day and of that minus the baseline's, `sharpe` its annual Sharpe ratio.
    """
    trades, days = counts
    if trades < MINIMUM_TRADES or isinstance(own, Undefined) or isinstance(difference, Undefined):
        return Verdict(
            "too_little",
            _SENTENCES["too_little"],
            f"{trades} ML {_plural('trade', trades)} on {days} {_plural('day', days)}; a verdict"
            f" needs {MINIMUM_TRADES} trades and {MINIMUM_DAYS} days.",
            RULES,
        )
    ruling = _ruling(own, difference, sharpe, deflation)
    kind = "none" if ruling == "deflated" else ruling
    basis = [
        f"ML's mean day: {_usd(own.value)} USD ({_bounds(own)}).",
        f"Its difference to the baseline's: {_usd(difference.value)} USD ({_bounds(difference)}).",
        *_deflated(sharpe, deflation),
    ]
    return Verdict(kind, _SENTENCES[ruling], " ".join(basis), RULES)


def _ruling(own: Interval, difference: Interval, sharpe: Metric, deflation: Deflation) -> str:
    if own.high < 0.0:
        return "loss"
    if own.low <= 0.0:
        return "none"
    if isinstance(sharpe, Undefined) or isinstance(deflation.sr0, Undefined):
        # Equal days, or an account wiped out: no luck to be measured.
        return "none"
    if sharpe <= deflation.sr0:
        return "deflated"
    return "edge" if difference.low > 0.0 else "edge_not_over_baseline"


def _deflated(sharpe: Metric, deflation: Deflation) -> Sequence[str]:
    if isinstance(sharpe, Undefined) or isinstance(deflation.sr0, Undefined):
        return ()
    told = f"Its Sharpe ratio: {sharpe:.2f}".replace("-", "−")
    if deflation.trials < 2:
        return (f"{told}.",)
    best = f"the best of {deflation.trials:,} trials without skill shows {deflation.sr0:.2f}"
    return (f"{told}; {best}.",)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def _usd(usd: float) -> str:
    text = f"{usd:,.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def _bounds(interval: Interval) -> str:
    share = f"{100 * interval.confidence:g} %"
    return f"{share} interval {_usd(interval.low)} to {_usd(interval.high)} USD"
