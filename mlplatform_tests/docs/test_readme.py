"""What holds for README.md alone; that its code runs is held by `test_pages`."""

import re
import shlex
import subprocess

import pytest

from mlplatform_tests.docs.command_line import names
from mlplatform_tests.docs.pages import BLOCKS, PAGES, ROOT

README = PAGES["README.md"]
MAKE = [
    pytest.param(line, id=f"{block.page} {line}")
    for block in BLOCKS
    for line in block.commands
    if line.startswith("make ")
]


@pytest.mark.parametrize("line", MAKE)
def test_make_targets_exist_and_begin_with_set_up(line: str) -> None:
    done = subprocess.run(
        ["make", "-n", "-B", *shlex.split(line, comments=True)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "-m venv" in "".join(done.stdout.splitlines()[:3]), "set-up comes first"
    if data := re.search(r"DATA=(\S+)", line):
        assert f"mlplatform run --data {data[1]}" in done.stdout


def test_the_readme_opens_with_demo_and_test() -> None:
    lines = [line for block in BLOCKS if block.page == "README.md" for line in block.commands]
    assert lines[:2] == ["make demo", "make test"]


def test_the_readme_tells_every_command_and_no_other() -> None:
    assert set(re.findall(r"`mlplatform (\w+)", README)) == set(names())
