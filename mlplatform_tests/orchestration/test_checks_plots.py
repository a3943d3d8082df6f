"""Plots of checks: the user's own style neither changes them nor makes them fail."""

import matplotlib as mpl

from mlplatform.orchestration.plots import bars_of


def test_a_plot_is_the_same_whatever_the_users_style() -> None:
    plain = bars_of({"tz": 3, "duplicate": 1}, "refused rows")
    with mpl.rc_context({"font.size": 40, "axes.facecolor": "black"}):
        assert bars_of({"tz": 3, "duplicate": 1}, "refused rows") == plain
