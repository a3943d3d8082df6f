"""A command whose whole process group is killed (signal 9) at one moment."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from mlplatform_tests.endurance.world import environment

_LOOK_S = 0.005
_TICKS_S = os.sysconf("SC_CLK_TCK")
_FIRST_OF_STAT = 3
"""The fields after the name in /proc/<pid>/stat begin with the third."""


def processor_s(pid: int) -> float | None:
    """Seconds of processor that a process has used so far; None where it has ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if told[0] == "Z":
        return None
    user, system = (int(told[field - _FIRST_OF_STAT]) for field in (14, 15))
    return (user + system) / _TICKS_S


def processor_s_of(words: list[str], more: Mapping[str, str] | None = None) -> float:
    """What a command uses when nobody disturbs it; it must succeed."""
    process = _start(words, more)
    used = 0.0
    while (now := processor_s(process.pid)) is not None:
        used = now
        time.sleep(_LOOK_S)
    assert process.wait() == 0
    return used


def killed_at(words: list[str], moment_s: float, more: Mapping[str, str] | None = None) -> bool:
    """Whether a command was killed once it had used `moment_s` of processor.

    The clock is the processor's: on a machine where others work too, it says how far a run is.
    """
    process = _start(words, more)
    try:
        while (used := processor_s(process.pid)) is not None:
            if used >= moment_s:
                os.killpg(process.pid, signal.SIGKILL)
                break
            time.sleep(_LOOK_S)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _start(words: list[str], more: Mapping[str, str] | None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        words,
        env=environment(more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end_of(words: list[str], more: Mapping[str, str] | None = None) -> int:
    """The return code of a command in a process group of its own, which it may kill."""
    return _start(words, more).wait()
