"""`make bench`: every figure that the README shows. With --write it puts them there."""

import json
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import chain  # noqa: E402 - its folder must be known first

README = HERE.parent / "README.md"
STRESS_BARS = HERE.parents[1] / "shared" / "data" / "nq_5m_2016_2025.parquet"
_PLACE = re.compile(r"(<!-- bench -->\n).*(\n<!-- /bench -->)", re.DOTALL)


def execution_figures() -> list[str]:
    """The execution room beside vectorbt and a bare loop, in a process of its own."""
    command = [sys.executable, str(HERE / "execution.py")]
    known = STRESS_BARS.is_file()
    if known:
        command += ["--data", str(STRESS_BARS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = []
    for line in done.stdout.splitlines():
        what, _, told = line.partition(": ")
        rows += _stress(told) if what == "stress" else [f"| {what} | {_flat(told)} |"]
    if known:
        stress = chain.command("bench", "stress", "--data", STRESS_BARS, "--json")
        took = [chain.seconds(stress) for _ in range(2)][-1]
        rows.append(f"| `mlplatform bench stress`, whole process, second run | {took:.1f} s |")
    return rows


def market_figures() -> list[str]:
    """Seventeen years through the door, in a process of its own."""
    return _said([sys.executable, str(HERE / "market.py")])


def feature_figures() -> list[str]:
    """The whole feature set on the published workload, in a process of its own."""
    command = [sys.executable, str(HERE / "features.py")]
    if STRESS_BARS.is_file():
        command += ["--data", str(STRESS_BARS)]
    return _said(command)


def report_figures() -> list[str]:
    """The report of a study of ten years, in a process of its own."""
    return _said([sys.executable, str(HERE / "report.py")])


def model_figures() -> list[str]:
    """The models of one window, on trees alone and with the network, each in its own process."""
    command = [sys.executable, str(HERE / "models.py"), "--families"]
    return [row for families in ("trees", "all") for row in _said([*command, families])]


def step_figures() -> list[str]:
    """What a step costs by executor, in processes of their own."""
    return _said([sys.executable, str(HERE / "steps.py")])


def _said(command: list[str]) -> list[str]:
    """Each line that a benchmark prints, as a row."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    parts = (line.partition(": ") for line in done.stdout.splitlines())
    return [f"| {what} | {told} |" for what, _, told in parts]


def _stress(told: str) -> list[str]:
    """The stress workload's figures and its times."""
    found = json.loads(told)
    figures = ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value:.6f}"
        for name, value in found.items()
        if name != "stages_s"
    )
    warm = found["stages_s"]["warm"]
    stages = ", ".join(f"{name.replace('_', ' ')} {1e3 * took:.1f}" for name, took in warm.items())
    return [f"| stress workload | {figures} |", f"| its stages, warm, ms | {stages} |"]


def _flat(told: str) -> str:
    """A JSON answer as plain words."""
    if not told.startswith("{"):
        return told
    return ", ".join(
        f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in json.loads(told).items()
    )


def table() -> str:
    """All figures as one Markdown table under a line about the machine."""
    rows = ["| what | figure |", "|---|---|", *chain.figures()]
    rows += [
        *step_figures(),
        *market_figures(),
        *feature_figures(),
        *model_figures(),
        *execution_figures(),
        *report_figures(),
    ]
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return f"{day}, {machine}:\n\n" + "\n".join(rows)


if __name__ == "__main__":
    found = table()
    print(found)
    if "--write" in sys.argv:
        README.write_text(_PLACE.sub(lambda m: m[1] + found + m[2], README.read_text()))
