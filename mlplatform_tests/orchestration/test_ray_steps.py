"""A step on Ray whose head is gone is waited for, but not for ever."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import requests

pytest.importorskip("dagster_ray", reason="the extra `ray` is not installed")
pytest.importorskip("ray", reason="the extra `ray` is not installed")

from dagster_ray.core.executor import RayStepHandler

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.steps import ray_steps
from mlplatform.orchestration.steps.ray_steps import SILENT_S, RaySteps


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


class Head:
    """A client whose head answers, or is gone."""

    is_there = True

    def get_job_status(self, _: str) -> str:
        if not self.is_there:
            raise requests.ConnectionError("refused")
        return "RUNNING"

    def stop_job(self, _: str) -> None:
        self.get_job_status("")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(ray_steps, "time", found)
    return found


def step() -> Any:
    """What the executor tells of one step."""
    given = SimpleNamespace(step_keys_to_execute=["stop_model"], run_id="7", known_state=None)
    return SimpleNamespace(execute_step_args=given)


def test_a_head_that_is_silent_for_long_has_lost_its_steps(clock: Clock) -> None:
    head = Head()
    steps = RaySteps(head, 1)  # type: ignore[arg-type]
    clock.now = 500.0
    assert steps.check_step_health(step()).is_healthy
    head.is_there = False
    clock.now += SILENT_S - 1
    with pytest.raises(requests.ConnectionError):
        steps.check_step_health(step())
    clock.now += 1
    told = steps.check_step_health(step())
    assert not told.is_healthy
    assert f"silent for {SILENT_S:.0f} s" in str(told.unhealthy_reason)
    head.is_there = True
    assert steps.check_step_health(step()).is_healthy, "one that is there again is asked again"


@pytest.mark.parametrize("error", [requests.ConnectionError, ConnectionError])
@pytest.mark.parametrize("what", ["launch_step", "terminate_step"])
def test_a_head_that_is_gone_is_one_sentence(
    what: str, error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> Any:
        raise error("refused")
        yield

    monkeypatch.setattr(RayStepHandler, what, refused)
    steps = RaySteps(Head(), 1)  # type: ignore[arg-type]
    ask: Callable[[Any], Any] = getattr(steps, what)
    if what == "terminate_step":
        assert list(ask(step())) == [], "there is nothing left to end"
        return
    with pytest.raises(InputError, match="head does not answer any more"):
        list(ask(step()))
