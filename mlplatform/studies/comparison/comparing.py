"""Compares two contenders on the days that both were tried on.

Days are paired: both are resampled by the same blocks of days (stationary bootstrap), so that what
the market did to both cancels in the difference. The sentence is ruled by the 98 % interval of the
difference of the mean daily result, as the verdict of a study is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

import numpy as np
import polars as pl

from mlplatform.domain.tables import DAILY_EQUITY
from mlplatform.market.periods import trading_day
from mlplatform.metrics.bootstrap import (
    MINIMUM_DAYS,
    Interval,
    Resamples,
    percentile_interval,
    stationary_resamples,
)
from mlplatform.metrics.returns import Floats
from mlplatform.metrics.summary import summarise
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.certainty.days import days_of
from mlplatform.studies.certainty.intervals import (
    difference_of,
    figures_of,
    intervals_of,
    over,
    resampled_figures,
)
from mlplatform.studies.comparison.value import Comparison, Contender, SameTrades, TradeGroup
from mlplatform.studies.result import PolicyResult

MINIMUM_TRADES = 30
_KEY = ["decision_ts", "setup", "side"]
_NO_TRADE = Undefined("there is no trade")


def compare(a: Contender, b: Contender, seed: int) -> Comparison:
    """B against A. Seeded: equal contenders and seed give an equal comparison.

    Raises ValueError where they share no trading day.
    """
    days = tuple(sorted(set(a.days) & set(b.days)))
    if not days:
        raise ValueError(f"they share no trading day: A {_span(a.days)}, B {_span(b.days)}")
    drawn = stationary_resamples(len(days), seed)
    one, other = (_seen(contender, days, drawn) for contender in (a, b))
    gaps = {name: difference_of(other.figures[name], own) for name, own in one.figures.items()}
    apart = {name: other.resampled[name] - own for name, own in one.resampled.items()}
    differences = intervals_of(gaps, apart, len(days))
    same, only_a, only_b = _trades_apart(one.trades, other.trades, days, drawn)
    trades = min(one.trades.height, other.trades.height)
    kind, sentence = _ruling(a.label, b.label, trades, differences["mean_day_usd"])
    return Comparison(
        a=a,
        b=b,
        days=days,
        figures_a=one.figures,
        figures_b=other.figures,
        gaps=gaps,
        differences=differences,
        same=same,
        only_a=only_a,
        only_b=only_b,
        net_a_usd=one.net_usd,
        net_b_usd=other.net_usd,
        settings=_different(a.settings, b.settings),
        notes=_notes(a, b, days),
        kind=kind,
        sentence=sentence,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """A contender on the common days."""

    trades: pl.DataFrame
    figures: dict[str, Metric]
    resampled: dict[str, Floats]
    net_usd: tuple[float, ...]


def _seen(contender: Contender, days: tuple[date, ...], drawn: Resamples) -> _Seen:
    result = _on(contender, days)
    by_day = days_of(result, contender.capital_usd)
    summary = summarise(result.trades, result.daily, contender.capital_usd)
    figures, resampled = figures_of(by_day, summary), resampled_figures(by_day, drawn)
    return _Seen(result.trades, figures, resampled, tuple(by_day.net_usd.tolist()))


def _on(contender: Contender, days: tuple[date, ...]) -> PolicyResult:
    """Its trades that ended on these days, and the marks that follow: it is flat overnight."""
    day = trading_day(pl.col("exit_ts")).alias("session_date")
    dated = contender.trades.with_columns(day).filter(pl.col("session_date").is_in(days))
    dated = dated.sort("exit_ts", "candidate_id")
    by_day = dict(dated.group_by("session_date").agg(pl.col("net_usd").sum()).iter_rows())
    marks = [contender.capital_usd + n for n in accumulate(by_day.get(day, 0.0) for day in days)]
    daily = DAILY_EQUITY.frame(
        pl.DataFrame({"session_date": list(days), "equity_usd": marks}).with_columns(
            policy=pl.lit(contender.policy), low_usd=pl.col("equity_usd")
        )
    )
    return PolicyResult(dated.drop("session_date"), daily)


def _trades_apart(
    a: pl.DataFrame, b: pl.DataFrame, days: tuple[date, ...], drawn: Resamples
) -> tuple[SameTrades, TradeGroup, TradeGroup]:
    both = a.join(b, on=_KEY, how="inner", suffix="_b", maintain_order="left")
    columns = ["net_usd", "r"]
    renamed = both.select(pl.col(f"{name}_b").alias(name) for name in columns)
    same_exit = both.filter(
        pl.col("exit_ts") == pl.col("exit_ts_b"), pl.col("exit_reason") == pl.col("exit_reason_b")
    )
    same = SameTrades(
        _group(both.select(columns)),
        _group(renamed),
        same_exit.height,
        _paired_r(both, days, drawn),
    )
    return same, _group(a.join(b, on=_KEY, how="anti")), _group(b.join(a, on=_KEY, how="anti"))


def _paired_r(both: pl.DataFrame, days: tuple[date, ...], drawn: Resamples) -> Interval | Undefined:
    """Mean difference in R of the shared trades: days are resampled, trades of a day together."""
    known = both.select(
        trading_day(pl.col("exit_ts")).alias("day"), gap=pl.col("r_b") - pl.col("r")
    ).drop_nulls()
    if known.is_empty():
        return Undefined("no trade with an R is shared")
    by_day = {
        day: (count, total)
        for day, count, total in known.group_by("day")
        .agg(pl.len(), pl.col("gap").sum())
        .iter_rows()
    }
    table = np.array([by_day.get(day, (0, 0.0)) for day in days], np.float64)
    count, total = drawn.sums(table).T
    mean = float(known["gap"].to_numpy().mean())
    return percentile_interval(mean, over(total, np.rint(count)), len(days))


def _group(trades: pl.DataFrame) -> TradeGroup:
    r, net = trades["r"].drop_nulls(), trades["net_usd"]
    return TradeGroup(
        trades.height,
        float(net.sum()),
        float(r.to_numpy().mean()) if r.len() else _NO_TRADE,
        float((net > 0).to_numpy().mean()) if trades.height else _NO_TRADE,
    )


def _ruling(a: str, b: str, trades: int, difference: Interval | Undefined) -> tuple[str, str]:
    if isinstance(difference, Undefined) or trades < MINIMUM_TRADES:
        need = f"{MINIMUM_TRADES} trades of each and {MINIMUM_DAYS} common days"
        return "too_little", f"Too little to tell them apart: it takes {need}."
    if difference.low > 0.0:
        return "better", f"{b} made more than {a}, more than chance explains."
    if difference.high < 0.0:
        return "worse", f"{b} made less than {a}, more than chance explains."
    return (
        "none",
        f"No evidence of a difference: what {a} and {b} are apart could be luck.",
    )


def _different(
    a: Mapping[str, object], b: Mapping[str, object]
) -> tuple[tuple[str, object, object], ...]:
    if not (a and b):
        return ()
    flat_a, flat_b = dict(_flat(a)), dict(_flat(b))
    names = sorted({*flat_a, *flat_b})
    rows = ((name, flat_a.get(name), flat_b.get(name)) for name in names)
    return tuple(row for row in rows if row[1] != row[2])


def _flat(value: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, inner in value.items():
        whole = f"{prefix}{name}"
        rows += _flat(inner, f"{whole}.") if isinstance(inner, Mapping) else [(whole, inner)]
    return rows


def _notes(a: Contender, b: Contender, days: tuple[date, ...]) -> tuple[str, ...]:
    notes = []
    if a.series != b.series:
        notes.append(
            f"They are of different series ({a.series}, {b.series}): compare R and ratios rather "
            "than dollars; trades are matched by time, setup and side."
        )
    elif a.source_sha256 and b.source_sha256 and a.source_sha256 != b.source_sha256:
        notes.append(
            "Their bars differ in content: another source, or more of it. Prices may not agree."
        )
    for contender in (a, b):
        left_out = len(contender.days) - len(days)
        if left_out:
            notes.append(
                f"{left_out} of the {len(contender.days)} days of {contender.label} are not "
                "among the other's and are left out."
            )
    if a.capital_usd != b.capital_usd:
        notes.append(f"They start with {a.capital_usd:,.0f} and {b.capital_usd:,.0f} USD.")
    return tuple(notes)


def _span(days: tuple[date, ...]) -> str:
    return f"was tried {days[0]} to {days[-1]}" if days else "was tried on none"
