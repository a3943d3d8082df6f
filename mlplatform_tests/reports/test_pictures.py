"""The main charts as PNG."""

from io import BytesIO

import pytest

from mlplatform.reports.evaluation import evaluate
from mlplatform.reports.pictures import PAGE, SMALL, pictures
from mlplatform.testing.judged import judged_study
from mlplatform.testing.studies import StudyPlan

ALL = {"equity", "trades", "costs", "excursions", "windows", "order"}


@pytest.mark.parametrize(
    ("plan", "names"),
    [
        (StudyPlan(), ALL),
        (StudyPlan(outcome="winners", empty_period=1), ALL),
        (StudyPlan(only=0), {"equity"}),
        (StudyPlan(only=1), ALL - {"order"}),
        (StudyPlan(periods=0), set()),
        (StudyPlan(outcome="flat"), ALL),
        (StudyPlan(edge_r=-5.0, capital_usd=500.0), ALL),
    ],
    ids=["usual", "winners", "none", "one", "no windows", "flat", "wiped out"],
)
def test_what_there_is_is_drawn_small(plan: StudyPlan, names: set[str]) -> None:
    study = judged_study(plan)
    drawn = pictures(study, evaluate(study), SMALL)
    assert set(drawn) == names
    assert all(len(picture) < 10_000 for picture in drawn.values())


def test_a_picture_for_the_folder_is_large_and_not_empty() -> None:
    from PIL import Image

    study = judged_study()
    picture = pictures(study, evaluate(study), PAGE)["equity"]
    image = Image.open(BytesIO(picture))
    assert image.size == (1200, 672)
    assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 100


def test_equal_studies_give_equal_pictures_whatever_the_user_s_style() -> None:
    import matplotlib as mpl

    study = judged_study()
    found = evaluate(study)
    first = pictures(study, found, SMALL)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}):
        assert pictures(study, found, SMALL) == first
