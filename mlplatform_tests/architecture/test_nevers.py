"""House rules as small executable checks; the import table itself is in `.importlinter`."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mlplatform"
PURE = ("domain", "market", "synthetic", "features", "setups", "labels", "models", "decisions")
PURE += ("execution", "metrics", "strategies", "studies", "reports")
OUTSIDE = {
    "open": "files",
    "input": "a person",
    "os.environ": "the environment",
    "os.getenv": "the environment",
    "time.time": "the clock",
    "time.monotonic": "the clock",
    "time.perf_counter": "the clock",
    "datetime.now": "the clock",
    "datetime.utcnow": "the clock",
    "date.today": "the clock",
    "np.random.seed": "global randomness",
    "np.random.rand": "global randomness",
    "np.random.normal": "global randomness",
    "random.random": "global randomness",
    "urlopen": "the network",
}
MAY = {
    # TensorFlow has no other switches for its log and its kernels; they are put back.
    "models/neural/runtime.py": {"os.environ (the environment)"},
}
NAMES_REFUSED = ("utils", "helpers", "common", "manager", "misc")


def modules(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((PACKAGE / room).rglob("*.py"))


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def reaches_outside(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call | ast.Attribute):
            name = dotted(node.func if isinstance(node, ast.Call) else node)
            if name in OUTSIDE and (isinstance(node, ast.Call) or name == "os.environ"):
                found.add(f"{name} ({OUTSIDE[name]})")
            if isinstance(node, ast.Call) and name.endswith("default_rng") and not node.args:
                found.add("default_rng() (unseeded randomness)")
    return found


@pytest.mark.parametrize("path", list(modules(*PURE)), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_pure_rooms_read_no_clock_environment_file_or_unseeded_randomness(path: Path) -> None:
    assert reaches_outside(path.read_text()) == MAY.get(str(path.relative_to(PACKAGE)), set())


@pytest.mark.parametrize(
    "planted",
    [
        "x = open('f')",
        "import os\nk = os.environ['A']",
        "import time\nt = time.time()",
        "import numpy as np\nr = np.random.default_rng()",
        "d = datetime.now()",
    ],
)
def test_a_planted_look_outside_is_seen(planted: str) -> None:
    assert reaches_outside(planted)


def test_no_module_has_a_name_that_says_nothing() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert not any(word in path.stem for word in NAMES_REFUSED), path
        assert not path.stem.startswith("new_"), path
        assert not path.stem.endswith("_v2"), path


def test_files_and_functions_stay_readable() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        assert text.count("\n") <= 300, f"{path} is longer than 300 lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and not _builds_an_asset(node):
                length = (node.end_lineno or 0) - node.body[0].lineno + 1
                assert length <= 48, f"{path}:{node.name} has {length} lines"


def _builds_an_asset(node: ast.FunctionDef) -> bool:
    """An asset's card is its function with the asset inside."""
    return any(isinstance(inner, ast.FunctionDef) for inner in node.body)


def test_nothing_catches_every_exception() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, path
                assert dotted(node.type) not in ("Exception", "BaseException"), path


_RUNS_FOREIGN_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
"""Modules whose reading runs whatever the file says."""
_UNSAFE_CALLS = {"yaml.load", "yaml.full_load", "yaml.unsafe_load", "yaml.load_all", "eval", "exec"}
_UNSAFE_CALLS |= {"pd.read_pickle", "pandas.read_pickle", "torch.load", "os.system", "os.popen"}


def trusts_foreign_data(source: str) -> set[str]:
    """Imports and calls by which a file or a text could run code here."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [getattr(node, "module", None) or ""] + [alias.name for alias in node.names]
            found |= {name for name in named if name.split(".")[0] in _RUNS_FOREIGN_CODE}
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            switches = {
                word.arg
                for word in node.keywords
                if isinstance(word.value, ast.Constant) and word.value.value is True
            }
            if name in _UNSAFE_CALLS or switches & {"allow_pickle", "shell"}:
                found.add(name)
    return found


@pytest.mark.parametrize("folder", ["mlplatform", "deploy", "benchmarks", "docs", ".ci"])
def test_nothing_foreign_is_unpickled_evaluated_or_run(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        assert not trusts_foreign_data(path.read_text()), path


@pytest.mark.parametrize(
    "planted",
    [
        "import pickle",
        "from joblib import load",
        "import a, cloudpickle as c",
        "x = yaml.load(f)",
        "x = np.load(f, allow_pickle=True)",
        "eval(text)",
        "subprocess.run(line, shell=True)",
    ],
)
def test_a_planted_trust_in_foreign_data_is_seen(planted: str) -> None:
    assert trusts_foreign_data(planted)


def test_safe_reading_is_no_finding() -> None:
    assert not trusts_foreign_data(
        "import json, yaml\nyaml.safe_load(f)\nnp.load(f)\nre.compile(x)"
    )


def test_the_front_door_imports_no_heavy_library() -> None:
    heavy = ("tensorflow", "keras", "mlflow", "lightgbm", "xgboost", "sklearn", "optuna", "numba")
    heavy += ("matplotlib", "plotly", "talib", "yfinance", "pandas_market_calendars")
    code = (
        "import sys, mlplatform.definitions\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]", done.stderr
