"""Any feature on a higher timeframe, joined on completed bars only."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, Self

import polars as pl

from mlplatform.domain.series import Timeframe
from mlplatform.features.arithmetic import Columns, Gatherable, Together
from mlplatform.features.catalog import averages, volatility
from mlplatform.features.catalog.expressions import per_atr
from mlplatform.features.evaluation import evaluate
from mlplatform.features.graph import Feature, FeatureError, FeaturePlan
from mlplatform.market.resampling import resample

_ALWAYS = ("ts", "open", "high", "low", "close", "volume")
_SESSION = ("session_date", "session_end", "session", "minute_of_session")
_SIDES = ("bid_volume", "ask_volume")
HIGHER_COLUMNS = (*_ALWAYS, *_SESSION, *_SIDES)
"""Columns that bars of a higher timeframe have."""


@dataclass(frozen=True)
class OnTimeframe(Gatherable):
    """One column of a plan that is computed on higher bars; each timeframe is resampled once."""

    stands_still: ClassVar[bool] = True
    plan: FeaturePlan
    column: str
    minutes: int
    base_seconds: int

    @property
    def key(self) -> Hashable:
        """All features of one higher timeframe."""
        return (OnTimeframe, self.minutes, self.base_seconds)

    @classmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """Higher bars, all members' features on them, and each base bar's completed ones."""
        merged = _merged([member.plan for member in members])
        first, names = members[0], list(dict.fromkeys(member.column for member in members))
        reads = [name for name in merged.bar_columns if name not in _ALWAYS]

        def compute(columns: Columns) -> list[pl.Series]:
            bars = pl.DataFrame(dict(columns))
            higher = _higher_bars(bars, first.minutes, reads)
            known = higher["known_at"].set_sorted()
            row = known.search_sorted(bars["ts"] + timedelta(seconds=first.base_seconds), "right")
            last = (row.cast(pl.Int64) - 1).set(row == 0, None)
            values = evaluate(merged, higher).select(names).select(pl.all().gather(last))
            return [values[member.column] for member in members]

        return compute

    def moment(self, bar: Mapping[str, Any]) -> Hashable:
        """How many higher bars of the session are over at this bar's end."""
        end = bar["ts"] + timedelta(seconds=self.base_seconds)
        seconds = bar["minute_of_session"] * 60 + bar["ts"].second + self.base_seconds
        return (bar["session_date"], seconds // (self.minutes * 60), end >= bar["session_end"])


def on_timeframe(
    source: Feature | FeaturePlan, minutes: int, timeframe: Timeframe
) -> tuple[Feature, ...]:
    """The features of `source`, computed on bars of `minutes`; named like `rsi14_60m`.

    `source` is a feature that reads bars alone, or a plan whose columns (not its steps) are given.
    `timeframe` is that of the base bars. A higher bar is known at its scheduled end: a base bar
    that starts at t knows those that end by t + timeframe; null before the first. All features of
    one higher timeframe share its bars and their steps. Raises FeatureError where `minutes` is no
    whole number of base bars above one, or the source reads what higher bars do not have.
    """
    if minutes * 60 <= timeframe.seconds or (minutes * 60) % timeframe.seconds:
        raise FeatureError(f"{minutes} minutes are no higher timeframe of {timeframe.name} bars")
    if isinstance(source, Feature):
        source = FeaturePlan.build(source.name, 1, (source,), HIGHER_COLUMNS)
    if missing := sorted(set(source.bar_columns) - set(HIGHER_COLUMNS)):
        raise FeatureError(f"bars of {minutes} minutes have no column '{missing[0]}'")
    reads = dict.fromkeys((*_ALWAYS, *_SESSION[:2], "minute_of_session", *source.bar_columns))
    base_bars = minutes * 60 // timeframe.seconds
    return tuple(
        replace(
            feature,
            name=f"{feature.name}_{minutes}m",
            inputs=tuple(reads),
            # One more: of the bar that is not over nothing is known.
            lookback_bars=(source.warmup_bars + 1) * base_bars,
            compute=OnTimeframe(source, feature.name, minutes, timeframe.seconds),
            about=f"{feature.about}, on completed {minutes}-minute bars",
            params={**feature.params, "minutes": minutes},
            mirror=None if feature.mirror is None else f"{feature.mirror}_{minutes}m",
            made_of=source.order,
        )
        for feature in source.features
    )


def higher_trend(minutes: int, span: int, timeframe: Timeframe) -> Feature:
    """Close of the last completed higher bar above its EMA, per higher ATR 14."""
    average = replace(averages.ema(span), is_step=True)
    width = replace(volatility.atr(14), is_step=True)
    gap = Feature(
        "trend",
        ("close", average.name, "atr14"),
        0,
        per_atr(pl.col("close") - pl.col(average.name)),
        f"close above its EMA of {span} bars",
        unit="atr",
        is_signed=True,
        params={"span": span},
    )
    plan = FeaturePlan.build("trend", 1, (average, width, gap), HIGHER_COLUMNS)
    (trend,) = on_timeframe(plan, minutes, timeframe)
    return replace(trend, name=f"trend_{minutes}m_atr")


def _merged(plans: Sequence[FeaturePlan]) -> FeaturePlan:
    """All features of the plans once; what one only passes through, another may give."""
    by_name: dict[str, Feature] = {}
    for feature in (feature for plan in plans for feature in plan.order):
        known = by_name.setdefault(feature.name, feature)
        if replace(known, is_step=False).declared() != replace(feature, is_step=False).declared():
            raise FeatureError(f"two features of one timeframe are called {feature.name}")
        by_name[feature.name] = replace(known, is_step=known.is_step and feature.is_step)
    return FeaturePlan.build("higher", 1, tuple(by_name.values()), HIGHER_COLUMNS)


def _higher_bars(bars: pl.DataFrame, minutes: int, reads: Sequence[str]) -> pl.DataFrame:
    """Resampled bars with the session's columns and the traded sides, as far as they are read."""
    labelled = bars.with_columns(segment=pl.lit(0, pl.Int32))
    higher = resample(labelled, minutes)
    place = (pl.col("session_date"), pl.col("minute_of_session") // minutes)
    first = bars.filter(pl.any_horizontal(p.ne_missing(p.shift(1)) for p in place))
    offset = pl.duration(minutes=pl.col("minute_of_session") % minutes)
    start = first.select(ts=pl.col("ts").dt.truncate("1m") - offset)["ts"]
    extra = [start, *(first[name] for name in reads if name in _SESSION)]
    extra += [
        resample(labelled.with_columns(volume=pl.col(name)), minutes)["volume"].alias(name)
        for name in reads
        if name in _SIDES
    ]
    return higher.with_columns(extra)


def core(timeframe: Timeframe) -> tuple[Feature, ...]:
    """Those of the core set."""
    return (higher_trend(60, 10, timeframe),)
