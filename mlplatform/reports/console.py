"""What the command prints of a study: the verdict, then the figures as a table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from mlplatform.reports.wording import NONE, POLICY_LABELS, WORDING, goal, in_unit, written

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

_ROWS = (
    "trades net_usd total_return_frac sharpe_ratio sortino_ratio calmar_ratio profit_factor "
    "win_rate payoff_ratio max_drawdown_frac expectancy_r commission_usd"
)
_STYLES = {"edge": "bold green", "loss": "bold red"}


def study_summary(report: Mapping[str, Any]) -> "Group":
    """The verdict with its figures, the comparison, and how the doubts were answered.

    From the value of `report_json`, schema version 2.
    """
    from rich.console import Group
    from rich.text import Text

    verdict = report["provenance"]["with_earlier_studies"]["verdict"]
    return Group(
        Text(verdict["sentence"], style=_STYLES.get(verdict["kind"], "bold")),
        Text(verdict["basis"], style="dim"),
        comparison_table(report),
        Text(_doubts(report), style="dim"),
    )


def comparison_table(report: Mapping[str, Any]) -> "Table":
    """Baseline (and a strategy's own exits) against ML and the targets, with ML's intervals."""
    from rich.table import Table

    own = [policy for policy in ("strategy",) if policy in report]
    named = "baseline, strategy and ML" if own else "baseline and ML"
    table = Table(title=f"{report['series']}: {named}, out of sample", title_justify="left")
    table.add_column("Figure")
    certainty = report["certainty"]
    bounds = f"ML, {in_unit(certainty['confidence'], 'share')}"
    for heading in ("Baseline", *(POLICY_LABELS[name] for name in own), "ML", bounds, "Target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    baseline = cast(Mapping[str, float | None], report["baseline"])
    ml = cast(Mapping[str, float | None], report["ml"])
    targets = {row["metric"]: row for row in cast(list[Mapping[str, object]], report["targets"])}
    for name in _ROWS.split():
        aim, outcome = _target(name, targets.get(name))
        table.add_row(
            WORDING[name].label,
            _cell(name, baseline[name]),
            *(_cell(name, report[policy][name]) for policy in own),
            _cell(name, ml[name]),
            _bounds(name, certainty["intervals"]["ml"].get(name)),
            aim,
            outcome,
        )
    return table


def _doubts(report: Mapping[str, Any]) -> str:
    """The tests beyond the intervals in one line; what does not exist is left out."""
    certainty = report["certainty"]
    deflated = report["provenance"]["with_earlier_studies"]["dsr"]
    figures = (
        ("beats the luck of all trials (DSR)", deflated, "frac"),
        ("overfitting (PBO)", certainty["overfitting"]["pbo"], "frac"),
        ("costs may rise", certainty["break_even_multiple"]["ml"], "ratio"),
    )
    told = [f"{what} {in_unit(value, unit)}" for what, value, unit in figures if value is not None]
    told = [f"{part} x" if part.startswith("costs") else part for part in told]
    p = certainty["permutation"]["p"]
    if p is not None:
        told.append(f"scores against shuffled p {p:.3f}" if p >= 0.001 else "scores p < 0.001")
    line = "; ".join(told)
    return line[:1].upper() + line[1:]


def _bounds(name: str, interval: Mapping[str, float] | None) -> str:
    if interval is None:
        return ""
    unit = WORDING[name].unit
    low, high = (in_unit(interval[end], unit).split(" ")[0] for end in ("low", "high"))
    return f"{low} to {high}"


def _cell(name: str, value: float | None) -> str:
    return NONE if value is None else written(name, value)


def _target(name: str, row: Mapping[str, object] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    text = goal(name, cast(float, row["target"]), above=row["comparison"] == "above")
    return text, "[green]met[/]" if row["met"] else "[red]missed[/]"
