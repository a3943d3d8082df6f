"""`mlplatform check leaks`: whether features and setups know the future, on any file of bars."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from mlplatform.adapters.bars.port import SourceSpec
from mlplatform.adapters.bars.sources import open_file
from mlplatform.commands.own_module import merged, own_plan, own_setups
from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Series, Timeframe
from mlplatform.domain.tables import RAW_BARS
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.history import prove_features
from mlplatform.features.proof import Effort, Proof
from mlplatform.features.sets import LONGEST_BAR, core_plan
from mlplatform.market.rolls import RollRule, front_month, roll_table
from mlplatform.market.validation import validate
from mlplatform.orchestration.own_file import Blame
from mlplatform.orchestration.own_strategy import read_strategy
from mlplatform.setups.causality import prove_setups
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import Setup

_SHOWN = 30
_SLOWEST = 5
_FEWEST_BARS = 3


@dataclass(frozen=True)
class LeakCheck:
    """What the user gave."""

    data: Path
    instrument: str
    timeframe: str | None
    timezone: str | None
    features: str | None
    """`file.py` or `file.py:name`; the core set where None."""
    setups: str | None
    effort: Effort
    strategy: str | None = None
    """A strategy's file: its setups with its filters."""


@dataclass(frozen=True)
class _Wanted:
    """What is put to the proof, and whose file an error is blamed on."""

    plan: FeaturePlan
    setups: tuple[Setup, ...]
    names: tuple[str, ...]
    """Which of the proofs: features, candidates."""
    blame: Blame | None


def leaks(check: LeakCheck, as_json: bool, console: Console) -> None:
    """Print every leak by column, row and size, worst first.

    Raises CheckStopped where there is one, InputError for what the user can mend.
    """
    series, bars, told = _read(check)
    wanted = _wanted(check, series.timeframe)
    proofs: dict[str, Proof] = {}
    with wanted.blame or nullcontext():
        key = f"{series.name}:{wanted.plan.fingerprint}"
        if "features" in wanted.names:
            proofs["features"] = prove_features(wanted.plan, bars, key, check.effort)
        if "candidates" in wanted.names:
            cuts = check.effort.cuts
            proofs["candidates"] = prove_setups(series, wanted.setups, wanted.plan, bars, key, cuts)
    if as_json:
        print(json.dumps(_json(series, bars, proofs)))  # noqa: T201 - for programs: no colours
    else:
        console.print(told, soft_wrap=True, highlight=False)
        for name, proof in proofs.items():
            _print(name, proof, console)
    found = [
        f"{proof.worst.height} of {proof.columns} columns of {name}"
        for name, proof in proofs.items()
        if not proof.is_causal
    ]
    if found:
        raise CheckStopped(f"Not causal: {' and '.join(found)}.")


def _read(check: LeakCheck) -> tuple[Series, pl.DataFrame, str]:
    """The series, its continuous bars, and what was read in a sentence."""
    timeframe = Timeframe(check.timeframe) if check.timeframe else None
    spec = SourceSpec("file", str(check.data.expanduser().absolute()), check.timezone)
    source = open_file(instrument_of(check.instrument), timeframe, spec, datetime.now(UTC))
    series = source.series
    if series.timeframe.seconds > LONGEST_BAR.seconds:
        raise InputError(
            f"Bars of {series.timeframe.name} are too long for intraday features: give bars of "
            f"{LONGEST_BAR.name} or shorter."
        )
    raw = pl.concat([RAW_BARS.frame(batch) for batch in source.batches()])
    sound = validate(raw, series.timeframe).bars
    if sound["contract"].n_unique() > 1:
        days = sound["session_date"].unique().sort().to_list()
        end = days[-1] + timedelta(days=1)
        table = roll_table(sound, RollRule.VOLUME, days[0], end)
        sound, _ = front_month(sound, table)
    if sound.height < _FEWEST_BARS:
        raise InputError(f"{source.name} holds {sound.height} sound bars: give more of them.")
    told = f"{source.name}: {sound.height:,} bars of {series.name}"
    return series, sound, f"{told}, {sound['ts'][0]:%Y-%m-%d} to {sound['ts'][-1]:%Y-%m-%d}."


def _wanted(check: LeakCheck, timeframe: Timeframe) -> _Wanted:
    core = core_plan(timeframe)
    if check.strategy is not None:
        return _of_strategy(check, core)
    if check.features is None and check.setups is None:
        return _Wanted(core, SETUPS, ("features", "candidates"), None)
    plan, names, setups, blame = core, list[str](), SETUPS, None
    if check.features is not None:
        plan, path = own_plan(check.features, timeframe)
        names.append("features")
        blame = Blame(path, "computing its features")
    if check.setups is not None:
        setups, path = own_setups(check.setups)
        names.append("candidates")
        if check.features is not None:
            with Blame(path, "joining its features with the core set"):
                plan = merged(plan, core)
        blame = blame or Blame(path, "computing its candidates")
        _require(setups, plan, path)
    return _Wanted(plan, setups, tuple(names), blame)


def _of_strategy(check: LeakCheck, core: FeaturePlan) -> _Wanted:
    if check.setups is not None or check.features is not None:
        raise InputError("Give --strategy alone: it names its setups, and reads the core features.")
    path = Path(str(check.strategy)).expanduser().absolute()
    blame = Blame(path, "computing its candidates")
    return _Wanted(core, read_strategy(path).tradable, ("candidates",), blame)


def _require(setups: tuple[Setup, ...], plan: FeaturePlan, path: Path) -> None:
    for setup in setups:
        if missing := sorted(setup.needs - set(plan.names)):
            raise InputError(
                f"{path.name}: setup {setup.name} needs the feature {missing[0]}, which nobody "
                "gives: name it in --features."
            )


def _print(name: str, proof: Proof, console: Console) -> None:
    if proof.is_causal:
        console.print(f"{name}: {proof.told()}.", soft_wrap=True, highlight=False)
    else:
        worst = proof.worst
        console.print(_table(name, worst.head(_SHOWN)))
        if worst.height > _SHOWN:
            console.print(f"... and {worst.height - _SHOWN} more columns: see --json.")
    if proof.empty_columns:
        names = ", ".join(proof.empty_columns[:_SHOWN])
        count = len(proof.empty_columns)
        what = f"{count} columns that are" if count > 1 else "a column that is"
        console.print(f"Nothing is proven of {what} empty here: {names}.", soft_wrap=True)
    unjudged = proof.decay.filter(pl.col("judged_rows") == 0)
    if unjudged.height:
        console.print(
            f"The bars are too few to judge the warm-up of {unjudged.height} columns, such as "
            f"{unjudged['column'][0]} ({unjudged['lookback_bars'][0]:,} bars).",
            soft_wrap=True,
        )
    slowest = proof.decay.filter(pl.col("judged_rows") > 0).head(_SLOWEST)
    if slowest.height:
        parts = [f"{c} {taken:,} of {back:,}" for c, back, taken, _ in slowest.iter_rows()]
        console.print(
            f"Slowest to forget where history began, in bars of those declared: "
            f"{'; '.join(parts)}.",
            soft_wrap=True,
            highlight=False,
        )


def _table(name: str, worst: pl.DataFrame) -> Table:
    table = Table(title=f"Look-ahead in {name}, worst first", title_justify="left")
    for heading in ("Column", "Row (UTC)"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Size", justify="right")
    table.add_column("Rows", justify="right")
    table.add_column("Caught by")
    for row in worst.iter_rows(named=True):
        size = "came or went" if row["size"] == float("inf") else f"{row['size']:,.6g}"
        when = f"{row['ts']:%Y-%m-%d %H:%M}"
        table.add_row(row["column"], when, size, f"{row['rows']:,}", row["proof"])
    return table


def _json(series: Series, bars: pl.DataFrame, proofs: dict[str, Proof]) -> dict[str, Any]:
    """Everything found; a size of null: a value came or went."""
    told: dict[str, Any] = {"series": series.name, "bars": bars.height, "is_causal": True}
    for name, proof in proofs.items():
        told["is_causal"] = told["is_causal"] and proof.is_causal
        told[name] = {
            "columns": proof.columns,
            "cuts": len(proof.cuts),
            "empty_columns": list(proof.empty_columns),
            "worst": [_plain(row) for row in proof.worst.iter_rows(named=True)],
            "leaks": [_plain(row) for row in proof.leaks.iter_rows(named=True)],
            "warmup": proof.decay.to_dicts(),
        }
    return told


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    size = None if row["size"] == float("inf") else row["size"]
    return {**row, "ts": row["ts"].isoformat(), "size": size}
