import numpy as np
import pytest

from mlplatform.models.arrays import usable_columns
from mlplatform.models.errors import NotTrainable

NAN = np.nan


def test_constant_and_null_columns_are_left_out_and_recorded():
    x = np.array([[1.0, 5.0, NAN, 2.0], [2.0, 5.0, NAN, NAN], [3.0, 5.0, NAN, 2.0]])
    columns = usable_columns(x, ["a", "b", "c", "d"])
    assert columns.kept == (0, 3)
    assert columns.dropped == (("b", "constant"), ("c", "all null"))
    np.testing.assert_array_equal(columns.select(x), x[:, [0, 3]])


def test_features_that_tell_nothing_give_no_model():
    with pytest.raises(NotTrainable, match="constant or null") as refused:
        usable_columns(np.ones((5, 2)), ["a", "b"])
    assert refused.value.reason == str(refused.value)


def test_another_width_infinities_and_repeated_names_are_refused():
    columns = usable_columns(np.array([[1.0, 2.0], [2.0, 1.0]]), ["a", "b"])
    with pytest.raises(ValueError, match="must be"):
        columns.select(np.ones((2, 3)))
    with pytest.raises(ValueError, match="infinite"):
        columns.select(np.array([[1.0, np.inf]]))
    with pytest.raises(ValueError, match="repeat"):
        usable_columns(np.ones((2, 2)), ["a", "a"])
