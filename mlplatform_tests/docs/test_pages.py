"""What README.md and docs/ tell a reader to type works, as written and in that order."""

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
from mlplatform_tests.docs.command_line import require_accepted, require_known
from mlplatform_tests.docs.pages import BLOCKS, PAGES, ROOT, Block, blocks_of, inline_of

_SESSIONS = 85
"""From 2025-01-02: three months train, one is tested."""
RUNNABLE = ("sh", "console", "python")
SMALL = {
    "COLUMNS": "100",
    "MLPLATFORM_TRIALS": "2",
    "MLPLATFORM_MODEL_PLOTS": "false",
    "MLPLATFORM_FAMILIES": '["lightgbm"]',
    "MLPLATFORM_DETECTOR": "off",
    "MLPLATFORM_GATE_MIN_TRADES": "1",
}
"""What makes the studies small enough for a test; no reader needs it."""
OURS = re.compile(r"\bmlplatform (?=[a-z])")
SOURCES = ("mlplatform", "deploy", "benchmarks", "docker-compose.yml", ".env.example")


def run(block: Block, folder: Path) -> subprocess.CompletedProcess[str]:
    """The block as a reader would run it, in `folder`, with `mlplatform` on the path."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLPLATFORM_")}
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    python = [sys.executable, "-W", "ignore", "-c", block.text]
    return subprocess.run(
        python if block.kind == "python" else ["bash", "-ec", "\n".join(block.commands)],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment | SMALL | {"PATH": path},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a newcomer sits: the command, and a FILE of four months of ES as a vendor has it."""
    place = tmp_path_factory.mktemp("newcomer")
    world = replace(demo_world("ES", strength="strong"), sessions=_SESSIONS)
    names = ("ts", "open", "high", "low", "close", "volume", "contract")
    generate(world).select(names).write_csv(place / "FILE")
    command = place / "bin" / "mlplatform"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m mlplatform.cli "$@"\n')
    command.chmod(0o755)
    return place


def test_every_block_runs_as_written_or_says_why_not(folder: Path) -> None:
    for block in BLOCKS:
        if block.title is not None:
            (folder / block.title).write_text(block.text)
            continue
        if block.kind not in RUNNABLE or block.not_run is not None:
            continue
        done = run(block, folder)
        told = f"{block.place}\n{block.text}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == block.exit_code, told
        assert "Warning" not in done.stderr, told
        assert done.stdout.strip(), told


def test_a_block_that_is_not_run_has_a_reason_and_no_secret_language() -> None:
    for block in BLOCKS:
        told = block.not_run
        if told is not None and told.startswith("mlplatform_tests/"):
            assert Path(block.page).name in (ROOT / told).read_text(), f"{block.place}: not there"
        assert told is None or "/" in told or len(told.split()) >= 4, block.place
        if block.kind not in RUNNABLE:
            commands = re.findall(r"^(?:\$ )?(?:mlplatform|make|docker) .*", block.text, re.M)
            assert not commands, f"{block.place}: {commands} belong into a block of sh"


def test_every_command_line_is_one_that_the_command_takes() -> None:
    for block in BLOCKS:
        for line in block.commands:
            if OURS.match(line):
                require_accepted(line)


@pytest.mark.parametrize("page", PAGES)
def test_commands_options_and_environment_names_in_running_text_exist(page: str) -> None:
    for mention in inline_of(PAGES[page]):
        if OURS.match(mention):
            require_known(mention)
    written = code()
    for name in re.findall(r"\bMLPLATFORM_[A-Z_]+[A-Z]\b", PAGES[page]):
        known = name in written or name.removeprefix("MLPLATFORM_").lower() in written
        assert known, f"{page}: nothing reads {name}"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[page]):
        assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize(
    "planted",
    [
        "mlplatform rum",
        "mlplatform run --trial 3",
        "mlplatform run --trials many",
        "mlplatform decide",
    ],
)
def test_a_planted_wrong_command_is_seen(planted: str) -> None:
    with pytest.raises(ValueError):
        require_accepted(planted)


def test_a_planted_wrong_mention_is_seen() -> None:
    require_known("mlplatform fetch yahoo|ib --instrument ES")
    with pytest.raises(ValueError, match="no option --vendor"):
        require_known("mlplatform fetch --vendor yahoo")


def test_blocks_are_read_with_their_marks() -> None:
    text = (
        "a\n<!-- not run: it needs a Docker engine -->\n```sh\nmake x\n```\n"
        "<!-- exit code: 3 -->\n```console\n$ mlplatform \\\ndoctor\nok\n```\n"
        '```yaml title="a.yaml"\nb: 1\n```\n'
    )
    marked, console, file = blocks_of(text, "p.md")
    assert (marked.not_run, marked.commands, marked.line) == (
        "it needs a Docker engine",
        ["make x"],
        3,
    )
    assert (console.exit_code, console.commands) == (3, ["mlplatform  doctor"])
    assert (file.title, file.text, file.not_run) == ("a.yaml", "b: 1\n", None)
    assert inline_of(text + "`c\\|d`") == ["c|d"]


def code() -> str:
    """All that is written in the sources, for names."""
    files = [path for name in SOURCES for path in _files(ROOT / name)]
    return "\n".join(path.read_text() for path in files)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [found for kind in ("*.py", "*.yaml", "*.yml") for found in path.rglob(kind)]
