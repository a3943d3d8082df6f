"""`make soak`: the run is killed at random moments, and the same command must finish the work.

    python -m mlplatform_tests.endurance.soak --kills 20 --homes 5 --seed 7

The kills are spread over several homes: in each, a run is killed, the same command goes on and is
killed again, and so on, until it is left alone and must end like an undisturbed one. Prints a
Markdown row a kill; exit code 1 where a home did not survive.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlplatform_tests.endurance import outcome
from mlplatform_tests.endurance.killing import killed_at, processor_s_of
from mlplatform_tests.endurance.world import command, run, write_bars


@dataclass(frozen=True)
class Survived:
    """One home, where its run was killed, and what came of it."""

    kills: list[str]
    """Processor seconds after the start of the process, and how far the work was."""
    wrong: list[str]
    """What was not as it must be; empty where the home survived."""

    def rows(self, number: int) -> Iterator[str]:
        """For a Markdown table."""
        told = "; ".join(self.wrong) or "finished, same result"
        for place, kill in enumerate(self.kills):
            yield f"| {number} | {kill} | {told if place == len(self.kills) - 1 else 'went on'} |"


@dataclass(frozen=True)
class Undisturbed:
    """What a run uses and leaves when nobody disturbs it."""

    whole_s: float
    """Processor seconds of the run."""
    start_s: float
    """Of these until it works: those of the same command with nothing to do."""
    content: dict[str, Any]


def where(home: Path) -> str:
    """How far a killed run was: the newest whole partition of the lake."""
    made = [path for path in (home / "lake").rglob("*.parquet") if path.name[0] != "."]
    if not made:
        return "before the first asset"
    newest = max(made, key=lambda path: path.stat().st_mtime_ns)
    name = f"{newest.parts[-3]} {newest.stem}"
    return f"{len(made)} partitions made, the last {name}"


def undisturbed(root: Path, data: Path) -> Undisturbed:
    """One run to its end, and the same command again."""
    words = command(data, root / "undisturbed")
    whole_s, start_s = processor_s_of(words), processor_s_of(words)
    content = outcome.content_of(root / "undisturbed")
    assert content["champion"] is not None, "the world must promote a champion"
    assert content["quarantined"], "the world must hold broken rows"
    return Undisturbed(whole_s, start_s, content)


def survive(
    home: Path, data: Path, kills: int, draw: random.Random, whole: Undisturbed
) -> Survived:
    """Kill the run of a new home so many times, then leave it alone."""
    words = command(data, home)
    done: list[str] = []
    wrong: list[str] = []
    for place in range(kills):
        start_s = whole.start_s if place else 0.0
        moment_s = start_s + draw.random() * 2 * (whole.whole_s - whole.start_s) / kills
        if not killed_at(words, moment_s):
            break  # it had ended before: the work was done already
        done.append(f"{moment_s:.1f} | {where(home)}")
        wrong += [f"torn: {name}" for name in outcome.torn_files(home)]
        held = outcome.champion_of(home)
        if held is not None and held != whole.content["champion"]:
            wrong.append("another champion right after the kill")
    again = run(words)
    if again.returncode:
        wrong.append(f"exit code {again.returncode}: {_last_line(again.stderr)}")
    else:
        wrong += outcome.differences(outcome.content_of(home), whole.content)
        wrong += outcome.unfinished_runs(home)
        wrong += [] if "Nothing was new" in run(words).stdout else ["not settled: it runs again"]
    return Survived(done, wrong)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing said"])[-1][:200]


def soak(root: Path, kills: int, homes: int, seed: int) -> Iterator[Survived]:
    """One home after the other, until there were so many kills."""
    data, draw = write_bars(root / "bars.parquet"), random.Random(seed)
    whole = undisturbed(root, data)
    left, number = kills, 0
    while left > 0:
        home = root / f"home{number}"
        found = survive(home, data, min(left, -(-kills // homes)), draw, whole)
        if not found.wrong:
            shutil.rmtree(home)
        left, number = left - len(found.kills), number + 1
        yield found


def main() -> int:
    """Print the table; 0 where every killed run was survived. A home that was not is kept."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--homes", type=int, default=5)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    root = Path(tempfile.mkdtemp(prefix="soak-"))
    print("| home | killed after, processor s | where it was | after the same command |")
    print("|---|---|---|---|")
    lost = 0
    for number, one in enumerate(soak(root, given.kills, given.homes, given.seed), start=1):
        lost += len(one.kills) if one.wrong else 0
        print("\n".join(one.rows(number)), flush=True)
    print(f"\nsurvived {given.kills - lost} of {given.kills} killed, seed {given.seed}")
    if lost:
        print(f"homes: {root}")
        return 1
    shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
