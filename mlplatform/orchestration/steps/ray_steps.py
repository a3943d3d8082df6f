"""Steps as Ray jobs; imported only where Ray is wanted, since the extra `ray` brings it."""

import time
from collections.abc import Iterator

import dagster as dg
from dagster._core.executor.step_delegating import CheckStepHealthResult, StepHandlerContext
from dagster_ray.core.executor import RayStepHandler
from ray.job_submission import JobSubmissionClient
from requests import ConnectionError as Unreached

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.steps.threads import thread_limits

NO_ANSWER = (Unreached, ConnectionError)
"""Ray's client says it in two ways, one for jobs that are asked for and one for those it sends."""
SILENT_S = 120.0
"""For how long a head may be silent: one that is started again takes about a minute."""


class RaySteps(RayStepHandler):
    """Starts and watches steps; raises InputError once Ray's head is gone for good, for which the
    executor would wait without end.
    """

    def __init__(self, client: JobSubmissionClient, cores: int) -> None:
        # Secrets come from the nodes' own environment: what a job is given, Ray's pages show.
        limits = [f"{name}={value}" for name, value in thread_limits(cores).items()]
        # Without a wish for cores Ray starts every job on its head node.
        super().__init__(client, limits, None, cores, None, None, None)
        self._heard_at = time.monotonic()

    def launch_step(self, step_handler_context: StepHandlerContext) -> Iterator[dg.DagsterEvent]:
        """As Ray's; a head that is gone is told in a sentence."""
        try:
            yield from super().launch_step(step_handler_context)
        except NO_ANSWER:
            raise InputError(
                "Ray's head does not answer any more: start it, then give the command again."
            ) from None

    def check_step_health(self, step_handler_context: StepHandlerContext) -> CheckStepHealthResult:
        """As Ray's; a step whose head is silent for long is lost."""
        try:
            told = super().check_step_health(step_handler_context)
        except NO_ANSWER:
            silent_s = time.monotonic() - self._heard_at
            if silent_s < SILENT_S:
                raise  # the executor notes it and asks again
            return CheckStepHealthResult.unhealthy(f"Ray's head is silent for {silent_s:.0f} s.")
        self._heard_at = time.monotonic()
        return told

    def terminate_step(self, step_handler_context: StepHandlerContext) -> Iterator[dg.DagsterEvent]:
        """As Ray's; what a head took with it need not be ended."""
        try:
            yield from super().terminate_step(step_handler_context)
        except NO_ANSWER:
            return
