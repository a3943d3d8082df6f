"""Time of the report of a big study: 50,000 trades a policy over ten years, 117 windows.

quantstats' full report of the daily returns of ML stands beside ours, where it is installed.
Prints one line a figure: what, a colon, the figure. Each is the best of five, for what it measures
is the work and not the neighbours.
"""

import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from mlplatform.metrics.bootstrap import RESAMPLES
from mlplatform.reports.evaluation import evaluate
from mlplatform.reports.page import report_html
from mlplatform.reports.pictures import pictures
from mlplatform.reports.summary import report_json
from mlplatform.studies.result import StudyResult
from mlplatform.testing.judged import judged_study
from mlplatform.testing.studies import StudyPlan

PLAN = StudyPlan(first="2015-01", periods=117, trades_a_day=20)
ROUNDS = 5


def best_seconds(work: Callable[[], object]) -> float:
    """The shortest of five rounds, after one that warms up."""
    work()
    took = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        took.append(perf_counter() - start)
    return min(took)


def statistics(study: StudyResult) -> list[str]:
    """All figures, intervals and segments, and report.json from them."""
    evaluation = evaluate(study)
    trades, days = study.policies["ml"].trades.height, study.buy_and_hold.height
    what = (
        f"all statistics, segments and {RESAMPLES:,} resamples of {trades:,} trades, {days:,} days"
    )
    return [
        f"{what}: {best_seconds(lambda: evaluate(study)):.2f} s",
        f"its report.json: {best_seconds(lambda: report_json(study, evaluation)):.2f} s",
    ]


def page(study: StudyResult) -> list[str]:
    """The page from the evaluation, its size, the pictures; and all of it beside quantstats."""
    evaluation = evaluate(study)
    size = len(report_html(study, evaluation).encode()) / 1e6
    html = best_seconds(lambda: report_html(study, evaluation))
    told = [
        f"its HTML: {html:.2f} s, {size:.1f} MB",
        f"its pictures: {best_seconds(lambda: pictures(study, evaluation)):.2f} s",
    ]
    if find_spec("quantstats") is None:
        return told
    ours = best_seconds(lambda: report_html(study))
    theirs = quantstats_seconds(study)
    beside = f"{theirs:.1f} s, ours with all statistics {ours:.2f} s: {theirs / ours:.1f} x"
    return [*told, f"quantstats' full HTML report of the same days: {beside}"]


def quantstats_seconds(study: StudyResult) -> float:
    """Its full report of ML's daily returns, without a benchmark: the second of two, warm."""
    import matplotlib as mpl

    mpl.use("agg")
    import quantstats

    daily = study.policies["ml"].daily.to_pandas().set_index("session_date")["equity_usd"]
    daily.index = daily.index.astype("datetime64[ns]")
    returns = daily.pct_change().fillna(daily.iloc[0] / study.capital_usd - 1.0)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            start = perf_counter()
            quantstats.reports.html(returns, output=str(Path(folder) / "theirs.html"))
            took = perf_counter() - start
    return took


if __name__ == "__main__":
    full = judged_study(PLAN)
    print("\n".join([*statistics(full), *page(full)]))
