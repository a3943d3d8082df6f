"""An asset's data card: what every asset definition says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from mlplatform.domain.schema import Table
from mlplatform.orchestration.account import ACCOUNT_MATTERS
from mlplatform.orchestration.code import code_version
from mlplatform.orchestration.planning.axis import SERIES, Axis
from mlplatform.orchestration.planning.lineage import PARTIAL_PAST
from mlplatform.settings import StudySettings
from mlplatform.strategies.strategy import PLATFORM, Strategy

OWNERS = ["team:research"]


@dataclass(frozen=True)
class Workshop:
    """What asset definitions are built with."""

    axis: Axis
    settings: StudySettings
    strategy: Strategy = PLATFORM

    def card(
        self,
        group: str,
        kinds: set[str],
        table: Table,
        modules: tuple[str, ...],
        matters: tuple[str, ...] = (),
        by_series: bool = False,
        has_partial_past: bool = False,
    ) -> Mapping[str, Any]:
        """Arguments of `dg.asset`. `modules` make the asset's numbers, `matters` are the settings
        that change them: both are in its code version. With `has_partial_past` it takes the
        earlier periods that there are, be they none.
        """
        chosen = {name: getattr(self.settings, name) for name in matters}
        return {
            "group_name": group,
            "kinds": kinds,
            "owners": OWNERS,
            "partitions_def": SERIES if by_series else self.axis.partitions,
            "code_version": code_version(modules, chosen),
            "metadata": {"dagster/column_schema": column_schema(table)},
            "tags": {PARTIAL_PAST: ""} if has_partial_past else {},
        }

    def recipe(self) -> str:
        """The identity of how policies are made: code of all that trains and decides, settings."""
        modules = (
            "orchestration.desks.windows",
            "models.size",
            "decisions.policy",
            "labels.outcomes",
        )
        modules += ("models.neural.network", "models.linear", "orchestration.desks.detection")
        matters = ("train_periods", "trials", "seed", "embargo_minutes", "size_method")
        matters += (*ACCOUNT_MATTERS, "max_contracts", "strategy", "families")
        matters += ("tuning_seconds", "known_good", "class_weight")
        matters += ("detector", "detector_setups", "detector_periods")
        matters += ("stop_smooth_weight", "stop_min_ticks", "stop_max_ticks")
        chosen = {name: getattr(self.settings, name) for name in matters}
        return code_version(modules, chosen)


def column_schema(table: Table) -> dg.TableSchema:
    """The declared columns for the catalog page."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.dtype),
                description=column.about,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in table.columns
        ]
    )
