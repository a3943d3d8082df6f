"""Classic oscillators, all from TA-Lib, centred on zero so that a falling market mirrors a rising.

TA-Lib gives a number where price stood still and the indicator is not defined (RSI 0, stochastic
0, money flow 0): there it is null here.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import polars as pl

from mlplatform.features.arithmetic import (
    Columns,
    Compute,
    Gatherable,
    Indicator,
    Newest,
    Together,
)
from mlplatform.features.catalog.averages import RECURSION
from mlplatform.features.catalog.expressions import indicator, points_per_atr, pointwise
from mlplatform.features.graph import Feature


@dataclass(frozen=True)
class Known(Gatherable):
    """An indicator less `shift`, null where `known` (over the inputs) does not hold."""

    known: pl.Expr
    raw: Compute
    shift: float = 0.0

    @property
    def key(self) -> Hashable:
        """All of them: their conditions are judged in one select."""
        return Known

    @classmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """Each distinct indicator once, then one select."""
        value = [
            pl.when(member.known).then(pl.col(f"raw={at}") - member.shift).alias(f"={at}")
            for at, member in enumerate(members)
        ]

        def compute(columns: Columns) -> list[pl.Series]:
            raw = [column.alias(f"raw={at}") for at, column in enumerate(_raws(members, columns))]
            return pl.DataFrame(dict(columns)).with_columns(raw).select(value).get_columns()

        return compute

    @classmethod
    def newest(cls, members: Sequence[Self]) -> Newest:
        """Each distinct indicator once; one select of the conditions alone."""
        known = [member.known.alias(f"={at}") for at, member in enumerate(members)]

        def compute(rows: pl.DataFrame) -> list[float | None]:
            raw = [column[-1] for column in _raws(members, rows.to_dict())]
            holds = rows.select_seq(known).row(-1)
            return [
                value - member.shift if held and value is not None else None
                for member, value, held in zip(members, raw, holds, strict=True)
            ]

        return compute


def _raws(members: Sequence[Known], columns: Columns) -> Iterator[pl.Series]:
    """The indicators of all; two outputs of one call are one call."""
    done: dict[Hashable, dict[int, pl.Series]] = {}
    for at, member in enumerate(members):
        if not isinstance(member.raw, Indicator):
            yield member.raw(columns)
            continue
        key = member.raw.key
        if key not in done:
            alike = {
                place: m.raw
                for place, m in enumerate(members)
                if isinstance(m.raw, Indicator) and m.raw.key == key
            }
            found = Indicator.together(list(alike.values()))(columns)
            done[key] = dict(zip(alike, found, strict=True))
        yield done[key][at]


def rsi(span_bars: int) -> Feature:
    """RSI (TA-Lib) centred: -50 to +50; null where the close did not change within its memory."""
    memory = span_bars * 2 * RECURSION
    highest = pl.col("close").rolling_max(memory + 1, min_samples=1)
    changed = highest > pl.col("close").rolling_min(memory + 1, min_samples=1)
    return Feature(
        f"rsi{span_bars}",
        ("close",),
        memory,
        Known(changed, indicator("RSI", "close", timeperiod=span_bars), 50.0),
        f"RSI of {span_bars} bars minus 50",
        is_signed=True,
        version=2,
        params={"span_bars": span_bars},
    )


def adx(span_bars: int) -> Feature:
    """ADX (TA-Lib): strength of trend, 0 to 100, without direction; 0 where price never moved."""
    return Feature(
        f"adx{span_bars}",
        ("high", "low", "close"),
        span_bars * 3 * RECURSION,
        indicator("ADX", "high", "low", "close", timeperiod=span_bars),
        f"average directional index of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def directional(side: str, span_bars: int) -> Feature:
    """Plus ("up") or minus ("down") directional indicator (TA-Lib), 0 to 100."""
    function = "PLUS_DI" if side == "up" else "MINUS_DI"
    return Feature(
        f"directional_{side}{span_bars}",
        ("high", "low", "close"),
        span_bars * 2 * RECURSION,
        indicator(function, "high", "low", "close", timeperiod=span_bars),
        f"directional indicator {side} of {span_bars} bars",
        is_step=True,
        params={"span_bars": span_bars},
    )


def directional_spread(span_bars: int) -> Feature:
    """Plus minus the minus directional indicator (TA-Lib): -100 to +100, 0 without direction."""
    up, down = f"directional_up{span_bars}", f"directional_down{span_bars}"
    return Feature(
        f"directional_spread{span_bars}",
        (up, down),
        0,
        pointwise(lambda plus, minus: plus - minus, up, down),
        f"plus minus the minus directional indicator of {span_bars} bars",
        is_signed=True,
    )


_MACD = {"fastperiod": 12, "slowperiod": 26, "signalperiod": 9}
_MACD_OUTPUTS = {"line": 0, "signal": 1, "histogram": 2}


def macd_points(what: str) -> Feature:
    """MACD 12/26/9 line, signal or histogram (TA-Lib), points."""
    return Feature(
        f"macd_{what}",
        ("close",),
        26 * RECURSION,
        indicator("MACD", "close", output=_MACD_OUTPUTS[what], **_MACD),
        f"MACD 12/26/9 {what}",
        unit="points",
        is_step=True,
    )


def macd(what: str) -> Feature:
    """MACD 12/26/9 line, signal or histogram (TA-Lib), ATR."""
    name = f"macd_{what}"
    return Feature(
        f"{name}_atr",
        (name, "atr14"),
        0,
        points_per_atr(name),
        f"MACD 12/26/9 {what}",
        unit="atr",
        is_signed=True,
    )


def stochastic(what: str, span_bars: int, slow_bars: int = 3, signal_bars: int = 3) -> Feature:
    """Slow stochastic (TA-Lib) "k" or its average "d", centred: -50 to +50.

    Null where a range within its window had no height: TA-Lib says 0 there.
    """
    inputs = ("high", "low", "close")
    raw = indicator(
        "STOCH",
        *inputs,
        output=0 if what == "k" else 1,
        fastk_period=span_bars,
        slowk_period=slow_bars,
        slowd_period=signal_bars,
    )
    height = pl.col("high").rolling_max(span_bars) - pl.col("low").rolling_min(span_bars)
    averaged = slow_bars + (0 if what == "k" else signal_bars - 1)
    return Feature(
        f"stochastic_{what}{span_bars}",
        inputs,
        span_bars + slow_bars + signal_bars,
        Known(height.rolling_min(averaged) > 0, raw, 50.0),
        f"stochastic %{what.upper()} of {span_bars} bars minus 50",
        is_signed=True,
        params={"span_bars": span_bars, "slow_bars": slow_bars, "signal_bars": signal_bars},
    )


def cci(span_bars: int) -> Feature:
    """Commodity channel index (TA-Lib); 0 where typical prices did not vary."""
    return Feature(
        f"cci{span_bars}",
        ("high", "low", "close"),
        span_bars,
        indicator("CCI", "high", "low", "close", timeperiod=span_bars),
        f"commodity channel index of {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def money_flow(span_bars: int) -> Feature:
    """Money flow index (TA-Lib MFI) centred: -50 to +50.

    Null where a bar of the window has no volume known, or nothing flowed in it.
    """
    inputs = ("high", "low", "close", "volume")
    raw = indicator("MFI", *inputs, timeperiod=span_bars)
    typical = (pl.col("high") + pl.col("low") + pl.col("close")) / 3
    flowed = (typical.diff() != 0) & (pl.col("volume") > 0)
    known = flowed.cast(pl.Int32).rolling_sum(span_bars) > 0

    def filled(columns: Columns) -> pl.Series:
        # One unknown volume would stay in TA-Lib's running sums for ever.
        volume = columns["volume"]
        return raw({**columns, "volume": volume.fill_null(0.0)} if volume.has_nulls() else columns)

    return Feature(
        f"money_flow{span_bars}",
        inputs,
        span_bars + 1,
        Known(known, filled, 50.0),
        f"money flow index of {span_bars} bars minus 50",
        is_signed=True,
        params={"span_bars": span_bars},
    )


CORE = (
    *(rsi(span) for span in (5, 14)),
    adx(14),
    directional("up", 14),
    directional("down", 14),
    directional_spread(14),
    *(macd_points(what) for what in ("line", "histogram")),
    *(macd(what) for what in ("line", "histogram")),
    *(stochastic(what, 14) for what in ("k", "d")),
    cci(20),
    money_flow(14),
)
"""Those of the core set."""
