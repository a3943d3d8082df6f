"""Time of the report of a big study: 50,000 trades a policy over ten years, 117 windows.

Prints one line a figure: what, a colon, the figure. Each is the best of five, for what it measures
is the work and not the neighbours.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from mlplatform.metrics.bootstrap import RESAMPLES
from mlplatform.reports.evaluation import evaluate
from mlplatform.reports.summary import report_json
from mlplatform.studies.result import StudyResult
from mlplatform.testing.studies import StudyPlan, fake_study

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


if __name__ == "__main__":
    print("\n".join(statistics(fake_study(PLAN))))
