"""Who carries out the steps of a run: this process, others here, a Ray cluster, Kubernetes.

A step that is lost with its machine is carried out again; one that fails by itself is not.
"""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.executor_definition import multiple_process_executor_requirements
from dagster._core.events import DagsterEvent
from dagster._core.execution.plan.objects import StepRetryData
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.multiprocess import MultiprocessExecutor
from dagster._core.executor.step_delegating import StepDelegatingExecutor, StepHandler

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.steps.threads import step_cores, thread_limits
from mlplatform.settings import StudySettings

if TYPE_CHECKING:
    from dagster._core.execution.context.system import IStepContext
    from dagster._core.execution.plan.state import KnownExecutionState
    from dagster._utils.error import SerializableErrorInfo

PRELOADED = ("mlplatform.orchestration.build", "mlplatform.studies.fitting", "mlflow", "optuna")
"""What the fork server imports once for all steps; without names it preloads nothing of ours.
None of them may start a thread when it is imported: a fork would copy its locks."""
_NEEDS = {"ray": ("dagster_ray", "ray"), "kubernetes": ("dagster_k8s",)}
_TIMES_LOST = 3
_LOST_WAIT_S = 2
_LOOK_S = 0.5
_HEALTH_S = 5


def executor_of(settings: StudySettings) -> dg.ExecutorDefinition:
    """The executor of the settings; raises InputError where its extra is not installed."""
    if settings.executor == "in_process":
        return dg.in_process_executor
    missing = [name for name in _NEEDS.get(settings.executor, ()) if find_spec(name) is None]
    if missing:
        raise InputError(
            f"Setting executor is {settings.executor}, but {missing[0]} is not installed: "
            f"pip install 'mlplatform[{settings.executor}]', or use in_process or multiprocess."
        )
    return {"multiprocess": _processes, "ray": _ray, "kubernetes": _kubernetes}[settings.executor](
        settings
    )


class _Enduring(dg.Executor):
    """Starts a step again whose process or machine went away without a word."""

    def log_failure_or_retry_event_after_error(
        self,
        step_context: "IStepContext",
        err_info: "SerializableErrorInfo",
        known_state: "KnownExecutionState",
    ) -> DagsterEvent:
        """A retry of the lost step, as long as it was not lost too often."""
        times = known_state.get_retry_state().get_attempt_count(step_context.step.key)
        if times >= _TIMES_LOST:
            return super().log_failure_or_retry_event_after_error(
                step_context, err_info, known_state
            )
        again = StepRetryData(error=err_info, seconds_to_wait=_LOST_WAIT_S * (times + 1))
        return DagsterEvent.step_retry_event(step_context, again)


class _OwnProcesses(_Enduring, MultiprocessExecutor):
    """Steps in processes of this machine."""


class _Elsewhere(_Enduring, StepDelegatingExecutor):
    """Steps on other machines, whose events are read from the event log."""

    def __init__(self, handler: StepHandler) -> None:
        super().__init__(
            handler,
            RetryMode.ENABLED,
            sleep_seconds=_LOOK_S,
            check_step_health_interval_seconds=_HEALTH_S,
            should_verify_step=True,
        )


def _processes(settings: StudySettings) -> dg.ExecutorDefinition:
    @dg.executor(name="multiprocess", requirements=multiple_process_executor_requirements())
    def multiprocess(_: dg.InitExecutorContext) -> dg.Executor:
        for name, value in thread_limits(step_cores(settings)).items():
            os.environ.setdefault(name, value)
        return _OwnProcesses(
            RetryMode.ENABLED,
            max_concurrent=settings.windows_at_once,
            start_method="forkserver",
            explicit_forkserver_preload=PRELOADED,
        )

    return multiprocess


def _ray(settings: StudySettings) -> dg.ExecutorDefinition:
    @dg.executor(name="ray", requirements=multiple_process_executor_requirements())
    def ray(_: dg.InitExecutorContext) -> dg.Executor:
        from ray.job_submission import JobSubmissionClient

        from mlplatform.orchestration.steps.ray_steps import RaySteps

        try:
            client = JobSubmissionClient()
        except ConnectionError as error:
            raise InputError(
                "No Ray cluster answers: set RAY_API_SERVER_ADDRESS to its dashboard, such as "
                f"http://ray-head:8265 ({error})."
            ) from None
        return _Elsewhere(RaySteps(client, settings.step_cores))

    return ray


def _kubernetes(settings: StudySettings) -> dg.ExecutorDefinition:
    @dg.executor(name="k8s", requirements=multiple_process_executor_requirements())
    def kubernetes(context: dg.InitExecutorContext) -> dg.Executor:
        from dagster_k8s.container_context import K8sContainerContext
        from dagster_k8s.executor import K8sStepHandler
        from dagster_k8s.launcher import K8sRunLauncher

        launcher = context.instance.run_launcher
        if not isinstance(launcher, K8sRunLauncher):
            raise InputError(
                "Setting executor is kubernetes, but Dagster's instance has no K8sRunLauncher: "
                "use deploy/kubernetes/dagster.yaml."
            )
        limits = thread_limits(settings.step_cores)
        own = K8sContainerContext(
            env_vars=[f"{name}={value}" for name, value in limits.items()],
            resources={"requests": {"cpu": str(settings.step_cores)}},
        )
        # A run that the queue launched knows its image; one that the command began does not.
        image = os.environ.get("DAGSTER_CURRENT_IMAGE")
        handler = K8sStepHandler(
            image, own, launcher.load_incluster_config, launcher.kubeconfig_file
        )
        return _Elsewhere(handler)

    return kubernetes
