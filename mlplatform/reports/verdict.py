"""The verdict that heads the report; its rules stand in `studies.certainty.verdict`."""

from mlplatform.studies.certainty import Verdict, certainty_of
from mlplatform.studies.result import StudyResult


def judge(study: StudyResult) -> Verdict:
    """The verdict on policy `ml`; the same study gives the same verdict."""
    return certainty_of(study, seed_of(study)).verdict_with_earlier


def seed_of(study: StudyResult) -> int:
    """The study's seed; 0 where it states none."""
    seed = study.settings.get("seed")
    return seed if isinstance(seed, int) else 0
