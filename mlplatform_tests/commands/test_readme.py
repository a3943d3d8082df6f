"""The README's code runs, in the order in which it stands there."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mlplatform.synthetic.generation import generate
from mlplatform.synthetic.world import demo_world
from mlplatform_tests.conftest import SESSIONS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", README, re.DOTALL)


def in_process(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLPLATFORM_")}
    return subprocess.run(
        arguments,
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment | {"COLUMNS": "100", "MLPLATFORM_TRIALS": "2"},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands run, with a FILE of five months of ES beside them."""
    place = tmp_path_factory.mktemp("newcomer")
    world = replace(demo_world("ES", strength="strong"), sessions=SESSIONS)
    names = ("ts", "open", "high", "low", "close", "volume", "contract")
    generate(world).select(names).write_csv(place / "FILE")
    return place


def test_make_targets_exist_and_begin_with_set_up(folder: Path) -> None:
    targets = re.findall(r"^make (\w+)(.*)$", README, re.MULTILINE)
    assert targets[:2] == [("demo", ""), ("test", "")], "the README opens with these two"
    for target, options in targets:
        done = in_process(["make", "-n", "-B", target, *shlex.split(options)], ROOT)
        assert done.returncode == 0, done.stderr
        assert "-m venv" in "".join(done.stdout.splitlines()[:3]), "set-up comes first"
        if "DATA=" in options:
            data = shlex.split(options)[0].removeprefix("DATA=")
            assert f"mlplatform run --data {data}" in done.stdout


def test_commands_and_python_run_as_written(folder: Path) -> None:
    commands = [
        line for kind, block in BLOCKS if kind == "sh" for line in block.splitlines() if line
    ]
    ours = [line for line in commands if line.startswith("mlplatform ")]
    assert len(ours) == 8
    for line in ours:
        done = in_process(
            [sys.executable, "-m", "mlplatform.cli", *shlex.split(line, comments=True)[1:]], folder
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        assert "Warning" not in done.stderr, done.stderr
    for script in (block for kind, block in BLOCKS if kind == "python"):
        done = in_process([sys.executable, "-W", "ignore", "-c", script], folder)
        assert done.returncode == 0, f"{script}\n{done.stderr}"
        assert done.stdout.strip()


def test_every_command_of_the_readme_is_one_of_ours() -> None:
    from mlplatform.cli import app, bench_app

    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert set(re.findall(r"`mlplatform (\w+)", README)) == known | {"bench", "check"}
    assert [command.name for command in bench_app.registered_commands] == ["stress"]


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
