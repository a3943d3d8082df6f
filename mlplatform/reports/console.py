"""The comparison that the command prints."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from mlplatform.reports.wording import NONE, WORDING, goal, written

if TYPE_CHECKING:
    from rich.table import Table

_ROWS = (
    "trades net_usd total_return_frac sharpe_ratio sortino_ratio calmar_ratio profit_factor "
    "win_rate payoff_ratio max_drawdown_frac expectancy_r commission_usd"
)


def comparison_table(report: Mapping[str, object]) -> "Table":
    """Baseline against ML against the targets, from the value of `report_json`."""
    from rich.table import Table

    table = Table(title=f"{report['series']}: baseline and ML, out of sample", title_justify="left")
    table.add_column("Figure")
    for heading in ("Baseline", "ML", "Target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    baseline = cast(Mapping[str, float | None], report["baseline"])
    ml = cast(Mapping[str, float | None], report["ml"])
    targets = {row["metric"]: row for row in cast(list[Mapping[str, object]], report["targets"])}
    for name in _ROWS.split():
        aim, outcome = _target(name, targets.get(name))
        table.add_row(
            WORDING[name].label, _cell(name, baseline[name]), _cell(name, ml[name]), aim, outcome
        )
    return table


def _cell(name: str, value: float | None) -> str:
    return NONE if value is None else written(name, value)


def _target(name: str, row: Mapping[str, object] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    text = goal(name, cast(float, row["target"]), above=row["comparison"] == "above")
    return text, "[green]met[/]" if row["met"] else "[red]missed[/]"
