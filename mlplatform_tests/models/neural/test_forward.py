import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mlplatform.models.neural
from mlplatform.models.errors import AlteredModel
from mlplatform.models.neural.detector import Detector
from mlplatform.models.neural.forward import Forward, Layer, logistic
from mlplatform.models.neural.network import KerasNet
from mlplatform.models.neural.text import pack, unpack
from mlplatform_tests.models.neural.planted import (
    layer,
    rows,
    untrained_detector_text,
    untrained_text,
)

HEAVY = ("tensorflow", "keras", "lightgbm", "xgboost", "sklearn", "optuna", "scipy", "pandas")
ROOT = Path(mlplatform.models.neural.__file__).parents[3]


def _run(script: str, *given: str) -> str:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}"
    command = [sys.executable, "-c", code, *given]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_loaded_model_predicts_where_tensorflow_cannot_be_imported(tmp_path):
    net, detector = untrained_text(1), untrained_detector_text(2)
    x, windows = rows(3, "binary", 10).x, np.random.default_rng(4).normal(size=(10, 20, 5))
    (tmp_path / "net").write_text(net)
    (tmp_path / "detector").write_text(detector)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "windows.npy", windows)
    told = _run(
        "import numpy as np\n"
        "sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from pathlib import Path\n"
        "from mlplatform.models.neural.network import KerasNet\n"
        "from mlplatform.models.neural.detector import Detector\n"
        "home = Path(sys.argv[1])\n"
        "net = KerasNet.from_text((home / 'net').read_text())\n"
        "detector = Detector.from_text((home / 'detector').read_text())\n"
        "print(net.predict(np.load(home / 'x.npy')).tobytes().hex())\n"
        "print(detector.predict(np.load(home / 'windows.npy')).tobytes().hex())",
        str(tmp_path),
    ).splitlines()
    assert told[0] == KerasNet.from_text(net).predict(x).tobytes().hex()
    assert told[1] == Detector.from_text(detector).predict(windows).tobytes().hex()


def test_importing_every_module_imports_no_heavy_library():
    folder = Path(mlplatform.models.neural.__file__).parent
    names = [f"mlplatform.models.neural.{p.stem}" for p in sorted(folder.glob("[a-z]*.py"))]
    assert len(names) > 7
    script = "".join(f"import {name}\n" for name in names)
    assert _run(f"{script}print([n for n in {HEAVY!r} if n in sys.modules])") == "[]"


def test_a_dense_pass_is_product_sum_and_ramp():
    first = Layer(np.array([[1.0, -1.0], [2.0, 1.0]]), np.array([0.5, 0.0]))
    last = Layer(np.array([[3.0], [10.0]]), np.array([-1.0]))
    out = Forward((first, last))(np.array([[1.0, 2.0], [2.0, -3.0]]))
    assert out.tolist() == [3 * 5.5 + 10 * 1.0 - 1.0, 3 * 0.0 + 10 * 0.0 - 1.0]


@pytest.mark.parametrize("taps", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_a_convolution_agrees_with_the_obvious_loop(taps, dilation):
    rng = np.random.default_rng(5)
    part, x = layer(rng, taps, 3, 4, dilation=dilation), rng.normal(size=(6, 9, 3))
    slow = np.zeros((6, 9, 4))
    for row in range(6):
        for bar in range(9):
            slow[row, bar] = part.bias
            for tap in range(taps):
                seen = bar - (taps - 1 - tap) * dilation
                if seen >= 0:
                    slow[row, bar] += x[row, seen] @ part.weights[tap]
    np.testing.assert_allclose(part.convolve(x), slow, atol=1e-12)


def test_a_convolution_knows_no_later_bar():
    rng = np.random.default_rng(5)
    part, x = layer(rng, 3, 5, 4, dilation=2), rng.normal(size=(4, 12, 5))
    changed = x.copy()
    changed[:, 7:] += 100.0
    np.testing.assert_array_equal(part.convolve(changed)[:, :7], part.convolve(x)[:, :7])
    assert (part.convolve(changed)[:, 7] != part.convolve(x)[:, 7]).any()


@pytest.mark.parametrize("pool", ["flat", "max", "mean", "last"])
def test_each_pool_reads_the_bars_its_own_way(pool):
    copy = Layer(np.ones((1, 1, 1)), np.zeros(1))
    width = 3 if pool == "flat" else 1
    read = Layer(np.array([[100.0], [10.0], [1.0]])[-width:], np.zeros(1))
    whole = Forward((read,), (copy,), pool)
    x = np.array([[[1.0], [5.0], [3.0]]])
    assert whole(x).tolist() == [{"flat": 153.0, "max": 5.0, "mean": 3.0, "last": 3.0}[pool]]
    y = np.array([[[6.0], [2.0], [1.0]]])
    assert whole(y).tolist() == [{"flat": 621.0, "max": 6.0, "mean": 3.0, "last": 1.0}[pool]]


def test_the_logistic_stays_within_its_bounds():
    out = logistic(np.array([-1e4, 0.0, 1.0, 1e4]))
    assert out[0] == 0.0
    assert out[1] == 0.5
    assert out[2] == pytest.approx(1 / (1 + math.exp(-1)), abs=1e-15)
    assert out[3] == 1.0


def test_arrays_come_back_as_they_were_and_foreign_ones_do_not():
    values = np.random.default_rng(1).normal(size=(3, 4))
    np.testing.assert_array_equal(unpack(pack(values)), values)
    np.testing.assert_array_equal(unpack(pack(values, "<f4")), values.astype(np.float32))
    good = pack(values)
    for change in ({"shape": [3, 5]}, {"dtype": "O"}, {"data": "!!"}, {"data": good["data"][:-8]}):
        with pytest.raises(AlteredModel):
            unpack(good | change)


def test_only_the_runtime_loads_tensorflow_or_keras():
    loads = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "mlplatform").rglob("*.py")
        if 'import_module("tensorflow")' in path.read_text()
        or 'import_module("keras")' in path.read_text()
    }
    assert loads == {"mlplatform/models/neural/runtime.py"}
