"""Small drawings inside tables."""

import re

import pytest

from mlplatform.reports.sparks import Bar, Scale, interval_svg, line_svg


def test_a_bar_lies_where_its_scale_says_and_zero_where_it_is() -> None:
    drawn = interval_svg([Bar("ml", 0.5, 0.0, 1.0)], Scale(-1.0, 1.0), "ML 0.5")
    assert 'class="zero" x1="50.0%"' in drawn
    assert 'class="ml" x1="50.0%" x2="97.0%"' in drawn
    assert 'cx="73.5%"' in drawn


def test_what_lies_beyond_the_scale_stays_inside_the_drawing() -> None:
    drawn = interval_svg([Bar("ml", 9.0, -9.0, 99.0)], Scale(-1.0, 1.0), "far")
    places = [float(x) for x in re.findall(r'(?:x1|x2|cx)="([0-9.]+)%"', drawn)]
    assert min(places) == 3.0
    assert max(places) == 97.0


def test_a_mean_without_bounds_is_a_dot() -> None:
    drawn = interval_svg([Bar("ml", 0.1)], Scale(-1.0, 1.0), "one trade")
    assert drawn.count("<line") == 1
    assert drawn.count("<circle") == 1


def test_a_line_breaks_where_a_window_has_no_value() -> None:
    assert line_svg([1.0, None, 2.0, 3.0], "t").count("<line") == 1
    assert line_svg([1.0, 2.0, 3.0], "t").count("<line") == 2
    assert line_svg([None, None], "t") == ""


@pytest.mark.parametrize("values", [[2.0], [1.0, 1.0]])
def test_what_does_not_move_is_drawn_in_the_middle(values: list[float]) -> None:
    assert 'cy="15.0"' in line_svg(values, "t")


def test_words_cannot_become_markup() -> None:
    assert '"><script>' not in line_svg([1.0], '"><script>')
