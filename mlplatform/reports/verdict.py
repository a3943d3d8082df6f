"""The verdict that heads the report; its rules stand in `studies.certainty.verdict`."""

from mlplatform.reports.evaluation import evaluate
from mlplatform.studies.certainty import Verdict
from mlplatform.studies.result import StudyResult


def judge(study: StudyResult) -> Verdict:
    """The verdict on policy `ml`; the same study gives the same verdict."""
    return evaluate(study).certainty.verdict_with_earlier
