"""Bars of one instrument under another's name: compared with the other series of the home."""

from dataclasses import dataclass

import polars as pl

from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import percent

_LEAST_HOURS = 20
"""About one session in common: with less, likeness is chance."""
_SAME_LEVEL_LOG = 0.05
"""Contracts of one index months apart differ by less; S&P 500 and Nasdaq-100 by a factor above 2
since 2013."""
_OTHER_LEVEL_LOG = 0.2
"""An adjusted series may leave its index's level by some percent a year; beyond, returns decide."""
_SAME_RETURNS = 0.15
"""Median difference of hourly returns by their median size: ES and MES 0.04, ES and NQ 0.3."""
_COPIED_SHARE = 0.9
"""Of the hours with volume. Two contract sizes trade apart: equal in one hour of a thousand."""


@dataclass(frozen=True)
class _Likeness:
    """Two series in the hours that both have."""

    hours: int
    level_log: float
    disagreement: float
    copied_frac: float
    ratios: pl.Series
    volume_ratios: pl.Series


def _hourly(bars: pl.DataFrame) -> pl.DataFrame:
    """First price and volume by hour of the day: comparable whatever the timeframe."""
    return bars.group_by(pl.col("ts").dt.truncate("1h").alias("hour")).agg(
        first=pl.col("ts").min(),
        price=pl.col("open").sort_by("ts").first(),
        volume=pl.col("volume").sum(),
        contract=pl.col("contract").first().str.slice(-2),
    )


def _likeness(bars: pl.DataFrame, other: pl.DataFrame) -> _Likeness | None:
    """How like the two are; None where too few hours are common.

    Returns over a contract change of either series do not count, nor hours that start apart.
    """
    both = _hourly(bars).join(_hourly(other), on="hour", suffix="_other").sort("hour")
    own, foreign = pl.col("price").log().diff(), pl.col("price_other").log().diff()
    stays = [(pl.col(name) == pl.col(name).shift(1)) for name in ("contract", "contract_other")]
    opened = pl.col("first") == pl.col("first_other")
    counted = both.select(own=own, foreign=foreign, stays=stays[0] & stays[1] & opened)
    returns = counted.filter("stays").drop_nulls()
    traded = both.filter((pl.col("volume") > 0) & (pl.col("volume_other") > 0))
    if returns.height < _LEAST_HOURS:
        return None
    apart = returns.select((pl.col("own") - pl.col("foreign")).abs().median()).item()
    size = returns.select(pl.max_horizontal(pl.col("own").abs(), pl.col("foreign").abs()).median())
    ratios = both["price"] / both["price_other"]
    same = traded.select((pl.col("volume") == pl.col("volume_other")).mean()).item()
    return _Likeness(
        returns.height,
        float(ratios.log().median()),  # type: ignore[arg-type]
        float(apart / size.item()) if size.item() else 0.0,
        float(same) if traded.height >= _LEAST_HOURS else 0.0,
        ratios,
        traded["volume"] / traded["volume_other"],
    )


def _index_of(series: Series) -> str:
    """The index behind an instrument: the E-mini and its micro share it."""
    return series.instrument.name.removeprefix("Micro ")


def _fault(own: Series, other: Series, like: _Likeness) -> str | None:
    same_index = _index_of(own) == _index_of(other)
    level, differs = abs(like.level_log), like.disagreement > _SAME_RETURNS
    factor = float(pl.Series([like.level_log]).exp()[0])
    if not same_index and level < _SAME_LEVEL_LOG and not differs:
        return (
            f"Bars named {own.name} have the price level ({factor:.3f} times) and the returns of "
            f"{other.name}, another index, in {like.hours:,} hours: one of the two names is wrong."
        )
    if same_index and level > _OTHER_LEVEL_LOG and differs:
        return (
            f"Bars named {own.name} stand at {factor:.2f} times the level of {other.name} and move "
            f"otherwise ({percent(like.disagreement)} of a usual hour's return apart), though both "
            "should follow one index: one of the two names is wrong."
        )
    is_other_size = own.instrument.symbol != other.instrument.symbol
    if same_index and is_other_size and like.copied_frac >= _COPIED_SHARE:
        return (
            f"Bars named {own.name} have the volume of {other.name} in {percent(like.copied_frac)} "
            "of the hours: one file under two contract sizes, and one of the names is wrong."
        )
    return None


def _judge(evidence: Evidence) -> Finding:
    """Compared by the hour, so that timeframes may differ. Which of two names is the wrong one
    cannot be told from two series alone.
    """
    faults: list[str] = []
    compared: list[str] = []
    figures: dict[str, float | int | str] = {}
    curve = Curve.of(evidence.bars["close"], "points", "closes of the period")
    for name, bars in sorted(evidence.others.items()):
        other = _series(name)
        if other is None or other.name == evidence.series.name:
            continue
        like = _likeness(evidence.bars, bars)
        if like is None:
            continue
        compared.append(name)
        figures[f"{name} level ratio"] = float(pl.Series([like.level_log]).exp()[0])
        figures[f"{name} return disagreement"] = like.disagreement
        figures[f"{name} equal volume"] = like.copied_frac
        fault = _fault(evidence.series, other, like)
        if fault is not None and not faults:
            is_copy = like.copied_frac >= _COPIED_SHARE
            shown = like.volume_ratios if is_copy else like.ratios
            curve = Curve.of(
                shown, "times", f"{'volume' if is_copy else 'price'} by that of {name}"
            )
        faults += [fault] if fault is not None else []
    good = (
        f"Held against {', '.join(compared)}: price, returns and volume fit the name."
        if compared
        else "No other series covers the same time: the name cannot be held against anything."
    )
    said = " ".join(faults) or good
    return Finding(not faults, "error", said, {"compared_series": len(compared), **figures}, curve)


def _series(name: str) -> Series | None:
    """The series of that name; None where the platform knows no such instrument any more."""
    try:
        return Series.parse(name)
    except InputError:
        return None


CHECK = QualityCheck(
    "label_is_right",
    "The bars are those of the instrument that they are named after, as far as others tell.",
    False,
    _judge,
)
