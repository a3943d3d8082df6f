"""Why a run failed, from its events."""

from typing import Any

import dagster as dg

from mlplatform.domain.errors import InputError
from mlplatform.models.errors import AlteredModel
from mlplatform.orchestration.steps.outages import is_passing, outage_of, told_of_step

_MENDED_BY_THE_USER = (InputError.__name__, AlteredModel.__name__)


class StepFailed(RuntimeError):
    """A step of a run failed: a defect of ours, or an outside service; the message says which."""


class BrokeOff(InputError):
    """A database went away in the middle of something that can be begun again where it was."""


def failure(event: dg.DagsterEvent) -> Exception:
    """The exception to raise for a failed step: InputError where the user can mend it."""
    why = _for_the_user(event)
    if why is None:
        return _defect(event)
    return _outside(why, event.step_failure_data.error)


def failure_of_run(event: dg.DagsterEvent) -> Exception | None:
    """The same for a run that failed outside of its steps; None where it does not say of what."""
    error = event.job_failure_data.error
    if error is None:
        return None
    why = _sentence(error)
    if why is None:
        return StepFailed(f"The run failed: {_first_cause(error).message.strip()}")
    return _outside(why, error)


def _outside(why: str, error: Any) -> InputError:
    """What no defect of ours ended, in a sentence."""
    return BrokeOff(why) if is_passing(told_of_step(error)) else InputError(why)


def _for_the_user(event: dg.DagsterEvent) -> str | None:
    """The sentence that tells the user what to mend, None where there is none."""
    user = event.step_failure_data.user_failure_data
    if user is not None and user.description:
        return user.description
    return _sentence(event.step_failure_data.error)


def _sentence(error: Any) -> str | None:
    cause = error
    while cause is not None:
        if cause.cls_name in _MENDED_BY_THE_USER:
            return str(cause.message.partition(": ")[2].strip())
        cause = cause.cause
    return outage_of(told_of_step(error))


def _defect(event: dg.DagsterEvent) -> StepFailed:
    error = _first_cause(event.step_failure_data.error)
    return StepFailed(f"Step {event.step_key} failed: {error.to_string() if error else 'unknown'}")


def _first_cause(error: Any) -> Any:
    while error is not None and error.cause is not None:
        error = error.cause
    return error


def reason_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Why a run failed, in a sentence: what its first failed step said, or its end."""
    of_steps = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    for record in instance.get_records_for_run(run.run_id, of_type=of_steps).records:
        event = record.event_log_entry.dagster_event
        if event is None or not event.is_step_failure:
            continue
        error = _first_cause(event.step_failure_data.error)
        why = _for_the_user(event) or (error and error.message.strip())
        return f"Step {event.step_key}: {why or 'unknown'}"
    return "It ended before its first step: see its log in the Dagster UI."
