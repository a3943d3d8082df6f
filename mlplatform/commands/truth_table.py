"""What `bench truth` prints: one row a kind of world, then whether the aims are met."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mlplatform.studies.truth.proportion import CONFIDENCE, Proportion
from mlplatform.studies.truth.tally import (
    AIM_AT,
    CAPTURE_AIM,
    NOISE_LIMIT,
    Ratio,
    Tally,
    passes,
)
from mlplatform.studies.truth.worlds import NOISE

_MET = {True: "met", False: "missed", None: "not known yet"}


def tell(tallies: Sequence[Tally], planned: int, path: Path, console: Console) -> None:
    """Print verdicts, captures and where they are lost; every share with its interval."""
    finished = sum(item.worlds for item in tallies)
    share = f"{CONFIDENCE:.0%}".replace("%", " %")
    console.print(f"{finished} of {planned} worlds are finished; intervals of {share}, in percent.")
    if tallies:
        console.print(_verdicts(tallies))
    planted = [item for item in tallies if item.kind != NOISE]
    if planted:
        console.print(_captures(planted))
        console.print(_losses(planted))
    met = passes(tallies)
    console.print(
        f"At most {NOISE_LIMIT:.0%} of noise worlds with a claim of an edge (nominal 1%): "
        f"{_MET[met['noise_claims']]}."
    )
    console.print(
        f"At least {CAPTURE_AIM:.0%} of the attainable expectancy captured in {AIM_AT} worlds: "
        f"{_MET[met['strong_capture']]}."
    )
    console.print(f"Worlds    {path}", soft_wrap=True)


def _verdicts(tallies: Sequence[Tally]) -> Table:
    table = _table("How often the verdict claims an edge", "World", "Worlds")
    for heading in ("Claims", "Over base", "Day > 0", "Gross > 0", "Gross < 0", "CPU"):
        table.add_column(heading, justify="right")
    for item in tallies:
        shares = (
            *(item.claims, item.over_baseline, item.day_above_zero),
            *(item.gross_above_zero, item.gross_below_zero),
        )
        table.add_row(
            item.kind, str(item.worlds), *(_share(found) for found in shares), f"{item.seconds:.0f}"
        )
    return table


def _captures(planted: Sequence[Tally]) -> Table:
    table = _table("Expectancy in R a trade, and how much of the attainable is captured", "World")
    for heading in ("Baseline", "ML", "Attainable", "Oracle", "Captured", "Of sum R"):
        table.add_column(heading, justify="right")
    for item in planted:
        expectancies = (item.baseline_r, item.ml_r, item.attainable_r, item.oracle_r)
        table.add_row(
            item.kind,
            *("none" if r is None else f"{r:+.3f}" for r in expectancies),
            *(_ratio(found) for found in (item.capture, item.capture_of_sum)),
        )
    return table


def _losses(planted: Sequence[Tally]) -> Table:
    table = _table("Where it is lost: candidates judged alone, against the oracle's", "World")
    for heading in ("Kept by entry", "Kept by stop", "Precision", "Recall"):
        table.add_column(heading, justify="right")
    for item in planted:
        parts = (item.entry_part, item.stop_part, item.precision, item.recall)
        table.add_row(item.kind, *(_ratio(found) for found in parts))
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading)
    return table


def _share(found: Proportion) -> str:
    if found.share is None:
        return "none"
    return f"{found.hits}/{found.trials} {_span(found.low, found.high)}"


def _ratio(found: Ratio) -> str:
    if found.value is None:
        return "none"
    if found.low is None or found.high is None:
        return f"{found.value:.0%}"
    return f"{found.value:.0%} {_span(found.low, found.high)}"


def _span(low: float, high: float) -> str:
    return f"{100 * low:.0f}…{100 * high:.0f}".replace("-", "−")
