"""The job that removes what is old, and its schedule; `mlplatform prune` does the same."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.automation.schedules import CHICAGO, require_cron
from mlplatform.orchestration.retention.holdings import Plan
from mlplatform.orchestration.retention.looking import Shop, look
from mlplatform.orchestration.retention.policy import plan_of
from mlplatform.orchestration.retention.removing import JOB, remove, require_rest, rules_of
from mlplatform.settings import StudySettings


def prune_job(
    loggers: Mapping[str, dg.LoggerDefinition], config: Mapping[str, Any]
) -> dg.JobDefinition:
    """Looks, plans, and removes; with the configuration `dry_run` it only tells. It logs by one of
    `loggers`, as `config` says.
    """

    @dg.op(
        name="remove_what_is_old",
        ins={},
        out=dg.Out(dg.Nothing),
        config_schema={"dry_run": dg.Field(bool, default_value=False, is_required=False)},
        required_resource_keys={"home", "book", "stamp", "desk", "tracker", "settings"},
        description="Removes by the keep-settings what nothing refers to any more.",
    )
    def remove_what_is_old(context: dg.OpExecutionContext) -> None:
        shop, settings = shop_of(context.resources, context.instance), context.resources.settings
        try:
            plan = plan_now(shop, settings, datetime.now(UTC))
        except InputError as error:
            raise dg.Failure(str(error)) from None
        for sentence in plan.spared:
            context.log.info(sentence)
        is_dry = context.op_config["dry_run"]
        for item in plan.removals if is_dry else remove(shop, plan):
            context.log.info(f"{item.kind} {item.name}: {item.why}")
        context.add_output_metadata({"dry run": is_dry, **plan.counts()})

    @dg.job(
        name=JOB,
        description="Removes old runs, superseded models, and files that nothing refers to.",
        executor_def=dg.in_process_executor,  # one step, where the home is
        logger_defs=dict(loggers),
        config=dict(config) or None,
    )
    def prune() -> None:
        remove_what_is_old()

    return prune


def prune_schedule(job: dg.JobDefinition, settings: StudySettings) -> dg.ScheduleDefinition:
    """Once a week; it starts stopped."""
    return dg.ScheduleDefinition(
        name="prune_weekly",
        job=job,
        cron_schedule=require_cron("prune", settings.prune_cron),
        execution_timezone=CHICAGO,
        description="Removes by the keep-settings what nothing refers to any more.",
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )


def shop_of(resources: Any, instance: dg.DagsterInstance) -> Shop:
    """What is looked at, from the resources of the platform."""
    return Shop(
        resources.home,
        resources.book,
        resources.stamp.lineage,
        resources.tracker,
        resources.desk.storage,
        instance,
    )


def plan_now(shop: Shop, settings: StudySettings, at: datetime) -> Plan:
    """What would go now; raises InputError while a run is at work."""
    require_rest(shop.instance, at)
    return plan_of(look(shop, at), rules_of(settings))
