"""Who is told when a run fails."""

import dagster as dg

from mlplatform.adapters.notifications import Notice, Notifier
from mlplatform.orchestration.steps.reasons import reason_of

_LONGEST = 500


def failure_sensor(notifier: Notifier) -> dg.SensorDefinition:
    """Tells people of each run that failed; a target that cannot be told fails the tick."""

    @dg.run_failure_sensor(
        name="alert_on_failure",
        default_status=dg.DefaultSensorStatus.STOPPED,
        monitor_all_code_locations=False,
        description="Tells the targets of MLPLATFORM_NOTIFY what failed, and why.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
        notifier.tell(
            notice_of(context.dagster_run, reason_of(context.instance, context.dagster_run))
        )

    return alert_on_failure


def notice_of(run: dg.DagsterRun, why: str) -> Notice:
    """What failed, where, why, and what to do."""
    partition = run.tags.get("dagster/partition")
    where = f"{run.job_name} of {partition}" if partition else run.job_name
    return Notice(
        f"mlplatform: {where} failed",
        f"{why[:_LONGEST]}\nRun {run.run_id}. When the cause is mended, the same run resumes: "
        "`mlplatform run`, or re-execute it from failure in the Dagster UI.",
        "failure",
    )
