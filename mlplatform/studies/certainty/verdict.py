"""The one sentence that heads the report, made by the rules that are written down here.

RULES are these rules, in order. The interval's bound is crossed by chance once in a hundred times,
and so is a deflated Sharpe ratio of 0.99: an edge is claimed on noise at most once in a hundred
studies, and at most once in a hundred series however many studies were made of it.

What counts as a trial is what saw the judged days: this study, and each earlier one of the series.
Optuna's trials never see them, so they do not make luck likelier; what they would do had they seen
them stands in the basis, as the severest reading. The report is headed by the verdict that counts
the earlier studies.
"""

from dataclasses import dataclass
from math import floor

from mlplatform.metrics.bootstrap import MINIMUM_DAYS, Interval
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.certainty.value import Deflation, Verdict

MINIMUM_TRADES = 30
MINIMUM_DSR = 0.99
RULES = (
    f"Fewer than {MINIMUM_TRADES} trades of ML or {MINIMUM_DAYS} trading days: too little to"
    " judge.",
    "The 98 % interval of ML's mean day lies below zero: ML lost money.",
    "It lies above zero, but the deflated Sharpe ratio of ML, this and every earlier study of the"
    f" series being one trial each, is below {MINIMUM_DSR}: no evidence of an edge.",
    "Both hold, and the 98 % interval of the paired daily difference to the baseline lies above"
    " zero: evidence of an edge over the baseline.",
    "Both hold, the difference does not: evidence of an edge, none that ML adds to the baseline.",
    "Otherwise: no evidence of an edge.",
)
_SENTENCES = {
    "too_little": "Too little to judge.",
    "loss": "ML lost money, more than chance explains.",
    "deflated": "No evidence of an edge: the best of so many studies would look as good by luck.",
    "edge": "Evidence of an edge: ML made money, and more than the baseline.",
    "edge_not_over_baseline": "Evidence of an edge, but not that ML adds to the baseline.",
    "none": "No evidence of an edge: what ML made could be luck.",
}


@dataclass(frozen=True)
class Evidence:
    """What the rules look at; `own` and `difference` are intervals of ML's mean day, and of that
    minus the baseline's.
    """

    trades: int
    days: int
    own: Interval | Undefined
    difference: Interval | Undefined
    sharpe: Metric
    """Annual."""
    looks: Deflation
    """The studies that saw these days, this one included, as trials."""
    searches: Deflation
    """The trials of Optuna, as if they had seen these days."""


def judge(found: Evidence) -> Verdict:
    """The verdict on ML."""
    own, difference = found.own, found.difference
    few = found.trades < MINIMUM_TRADES
    if few or isinstance(own, Undefined) or isinstance(difference, Undefined):
        told = f"{found.trades} ML {_plural('trade', found.trades)}"
        days = f"{found.days} {_plural('day', found.days)}"
        needed = f"{MINIMUM_TRADES} trades and {MINIMUM_DAYS} days"
        basis = f"{told} on {days}; a verdict needs {needed}."
        return Verdict("too_little", _SENTENCES["too_little"], basis, RULES)
    ruling = _ruling(own, difference, found.looks)
    kind = "none" if ruling == "deflated" else ruling
    basis = (
        f"ML's mean day: {_usd(own.value)} USD ({_bounds(own)}). Its difference to the"
        f" baseline's: {_usd(difference.value)} USD ({_bounds(difference)})."
    )
    return Verdict(kind, _SENTENCES[ruling], basis + _deflated(found), RULES)


def _ruling(own: Interval, difference: Interval, looks: Deflation) -> str:
    if own.high < 0.0:
        return "loss"
    # Without a ratio (equal days, an account wiped out) there is no luck to be measured.
    if own.low <= 0.0 or isinstance(looks.dsr, Undefined):
        return "none"
    if looks.dsr < MINIMUM_DSR:
        return "deflated" if looks.trials > 1 else "none"
    return "edge" if difference.low > 0.0 else "edge_not_over_baseline"


def _deflated(found: Evidence) -> str:
    """The Sharpe ratio, and how likely it is more than luck."""
    sharpe, looks, searches = found.sharpe, found.looks, found.searches
    if isinstance(sharpe, Undefined) or isinstance(looks.dsr, Undefined):
        return ""
    earlier = looks.trials - 1
    counted = f", {earlier:,} earlier {'study' if earlier == 1 else 'studies'} counted"
    told = f" Its Sharpe ratio, {sharpe:.2f}, is above zero with a probability of"
    told = told.replace("-", "−") + f" {_share(looks.dsr)}{counted if earlier else ''}"
    if searches.trials < 2 or isinstance(searches.dsr, Undefined):
        return f"{told}."
    severe = f"had the {searches.trials:,} trials of the searches seen these days"
    return f"{told}; {severe}, {_share(searches.dsr)}."


def _share(probability: float) -> str:
    """Rounded down, so that what is not sure never reads as sure."""
    return f"{floor(1e3 * probability) / 10:.1f} %"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def _usd(usd: float) -> str:
    text = f"{usd:,.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def _bounds(interval: Interval) -> str:
    share = f"{100 * interval.confidence:g} %"
    return f"{share} interval {_usd(interval.low)} to {_usd(interval.high)} USD"
