"""Code versions: what an asset's number depends on, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from mlplatform.orchestration import code

SOURCE = '''"""A module."""
from mlplatform.domain.errors import InputError

NAMES = {"a", "b", "c"}


class Thing:
    """A class."""

    size = 1


def add(x, y=2):
    """Adds."""
    if x in {"a", "b", "c"}:
        raise InputError("no")
    return [x + y + 1 for _ in range(3)]
'''


def digest(source: str, tmp_path: Path) -> str:
    """The hash of one module alone."""
    return str(code._plain(compile(source, str(tmp_path), "exec")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Adds."""', '"""Adds two numbers.\n\n    At length.\n    """'),
        ('"""A class."""', '"""Another word."""'),
        ('"""A module."""', '"""Another\n\nmodule."""'),
        ("    size = 1", "    # a comment\n\n    size = 1"),
    ],
)
def test_words_and_blank_lines_do_not_count(old: str, new: str, tmp_path: Path) -> None:
    assert old in SOURCE
    assert digest(SOURCE, tmp_path) == digest(SOURCE.replace(old, new), tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("y=2", "y=3"),
        ("x + y + 1", "x - y + 1"),
        ("x + y + 1", "x + y + 2"),
        ("size = 1", "size = 2"),
        ("class Thing", "class Other"),
        ('"no"', '"yes"'),
        ("range(3)", "range(4)"),
        ("x in", "x not in"),
    ],
)
def test_what_is_done_counts(old: str, new: str, tmp_path: Path) -> None:
    assert old in SOURCE
    assert digest(SOURCE, tmp_path) != digest(SOURCE.replace(old, new), tmp_path)


def test_settings_count(tmp_path: Path) -> None:
    modules = ("models.stop",)
    assert code.code_version(modules, {"trials": 1}) != code.code_version(modules, {"trials": 2})


def test_models_behind_a_lazy_import_count() -> None:
    seen = set()
    waiting = ["mlplatform.labels.outcomes"]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += code._module(name)[1]
    assert "mlplatform.execution.step" in seen, "the compiled step is imported on first use only"


def test_versions_are_the_same_in_every_process() -> None:
    script = (
        "from mlplatform.orchestration.code import code_version as v;"
        "print(v(('orchestration.desks.windows', 'execution.simulation', 'reports.page'), {}))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_an_unknown_module_is_a_defect() -> None:
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        code.code_version(("nowhere",), {})
