"""What a step costs beyond its work, by executor: steps that do nothing, in a home of their own.

Ray is measured where it is installed: a node is started here and stopped again.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import dagster as dg

from mlplatform.adapters.home import Home
from mlplatform.orchestration.build import build_definitions
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.steps import executors
from mlplatform.orchestration.steps.executors import executor_of
from mlplatform.settings import StudySettings

STEPS = 6
ROUNDS = 3
_START_S = 120


def idle_job(home: str, executor: str, steps: int) -> dg.JobDefinition:
    """Steps one after the other; whoever carries one out builds the platform, as for a real one."""
    build_definitions(Path(home))

    @dg.op(ins={"start": dg.In(dg.Nothing)})
    def idle() -> None:
        """Nothing to do."""

    @dg.op
    def begin() -> None:
        """Nothing to do either."""

    @dg.job(executor_def=executor_of(StudySettings(executor=executor)))
    def idle_steps() -> None:
        done = begin()
        for place in range(1, steps):
            done = idle.alias(f"idle_{place}")(start=done)

    return idle_steps


def seconds(home: Home, executor: str, steps: int) -> float:
    """Wall time of one run."""
    given = (str(home.root), executor, steps)
    job = dg.build_reconstructable_job("steps", idle_job.__name__, given)
    with open_instance(home) as instance:
        started = time.perf_counter()
        assert dg.execute_job(job, instance).success
        return time.perf_counter() - started


def tell(what: str, home: Home, executor: str) -> None:
    """A line: the cost of a step, of a run of one, and what else the machine had to do."""
    seconds(home, executor, 1)
    short = [seconds(home, executor, 1) for _ in range(ROUNDS)]
    one = median(short)
    steps = sorted((seconds(home, executor, STEPS) - one) / (STEPS - 1) for _ in range(ROUNDS))
    told = f"{median(steps):.2f} s ({steps[0]:.2f} to {steps[-1]:.2f} in {ROUNDS} runs"
    load = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    print(f"overhead of a step, {what}: {told}; a run of one step {one:.1f} s; {load})", flush=True)


def apart(executor: str, what: str, preloaded: tuple[str, ...] = executors.PRELOADED) -> None:
    """In a process of its own: a fork server keeps what it has loaded, and Dagster takes a script's
    own folder out of where modules are looked for.
    """
    code = f"import steps; steps.measure({executor!r}, {what!r}, {preloaded!r})"
    told = {"PYTHONPATH": f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env=os.environ | told)


def measure(executor: str, what: str, preloaded: tuple[str, ...]) -> None:
    """Steps by an executor, with these modules in the fork server where it has one."""
    executors.PRELOADED = preloaded
    with a_home() as home:
        tell(what, home, executor)


@contextmanager
def a_home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        home.create()
        yield home


@contextmanager
def a_ray_node() -> Iterator[str]:
    """The address of a node of two cores, in processes that end with this block."""
    ports = []
    for _ in range(3):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block"]
    command += [f"--port={ports[0]}", f"--dashboard-port={ports[1]}", "--num-cpus=2"]
    command += [f"--ray-client-server-port={ports[2]}"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    told = f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"
    node = subprocess.Popen(
        [*command, "--disable-usage-stats"],
        env=os.environ | {"PATH": path, "PYTHONPATH": told},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address, deadline = f"http://127.0.0.1:{ports[1]}", time.monotonic() + _START_S
    try:
        while True:
            try:
                with urllib.request.urlopen(f"{address}/api/version", timeout=5):
                    break
            except OSError:
                assert time.monotonic() < deadline, "Ray did not start"
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(node.pid, signal.SIGTERM)
        node.wait(60)


def main() -> None:
    """Measure and print."""
    apart("in_process", "in-process")
    apart("multiprocess", "multiprocess, preloaded")
    apart("multiprocess", "multiprocess, nothing preloaded", ())
    if find_spec("dagster_ray") is None or find_spec("ray") is None:
        print("overhead of a step, Ray: not measured, the extra `ray` is not installed")
        return
    with a_ray_node() as address:
        os.environ["RAY_API_SERVER_ADDRESS"] = address
        apart("ray", "Ray")


if __name__ == "__main__":
    main()
