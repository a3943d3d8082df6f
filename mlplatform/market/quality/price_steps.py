"""From bar to bar: the price step, and how large a step the market itself could have made."""

import re

import polars as pl

CARRY_LOW_FRAC, CARRY_HIGH_FRAC = -0.006, 0.015
"""What a quarter of carry (interest less dividends) can be. High: 7 % of interest less 1 % of
dividends a year. Low: dividends of 2.4 % without interest, as in 2009 to 2016 and 2020 to 2021."""
NIGHT_RANGES, WEEKEND_RANGES = 0.4, 0.8
"""Noise of an opening after a break, in median session ranges: twice the 99 % quantile of nights
(NQ 2016 to 2023 0.21, ES 0.20, MES 0.22), about the 98 % quantile of weekends (0.52, 0.97, 0.86).
With every ordinary opening of those files played as a roll of -0.5 to +1.2 % carry, at most 0.06 %
of nights and 1.1 % of weekends alarm; a wrong +3 % on top of 0.6 to 1.2 % is found in 97 to 100 %
and 91 to 97 %, a wrong +2 % in 96 to 99 % and 60 to 84 %."""
_NIGHT_SECONDS = 3 * 3600
"""Up to here a break is the daily one (one hour), a halt or a hole; more news fits into longer."""
_LONGEST_CLOSED_SECONDS = 4 * 86400
"""Over a longer hole in the data noise grows with the square root of its length."""
_SILENT_SECONDS = 60
"""In bars shorter than a minute a few are left out without a trade, and no halt is that short."""
BREAK_RANGES = 3.0
"""An opening without a contract change is suspect from here; the largest of those was 1.42."""
BREAK_LEAST_FRAC, BREAK_MOST_FRAC = 0.015, 0.075
"""But never below 1.5 %, and always above 7.5 %: the exchange limits the night's move to 7 %."""
BAR_RANGES = 5.0
"""Between neighbouring bars, in median bar ranges: real opens of 9 years of NQ reached 2.7."""
BAR_LEAST_FRAC = 0.002
"""... and where they were more than 0.2 % of the price, 0.8."""
USUAL_SESSION_FRAC = 0.02
"""Median session range where there are fewer than three sessions to take it from."""
_SCALE_BARS, _SCALE_SESSIONS, _HOLDS_BARS = 61, 25, 5
_SCALE_FLOOR_FRAC = 0.25
"""Of the median bar range: a market locked at its limit has bars without range."""
_MONTHS = {letter: number for number, letter in enumerate("FGHJKMNQUVXZ", start=1)}
_CONTRACT = re.compile(r"([A-Z0-9]+)([FGHJKMNQUVXZ])([0-9])")


def quarters_between(old: str, new: str) -> float:
    """Quarters from one contract's month to another's; 1 where the names do not tell.

    The digit of the year repeats every ten years: the nearer reading counts.
    """
    before, after = _CONTRACT.fullmatch(old), _CONTRACT.fullmatch(new)
    if before is None or after is None or before[1] != after[1]:
        return 1.0
    months = 12 * (int(after[3]) - int(before[3])) + _MONTHS[after[2]] - _MONTHS[before[2]]
    nearer = (months + 60) % 120 - 60
    return nearer / 3 if nearer else 1.0


def price_steps(earlier: pl.DataFrame, bars: pl.DataFrame, seconds: int) -> pl.DataFrame:
    """Each bar of `bars` (of `seconds` length) with the step into it and what is plausible.

    Columns: ts, open, close, contract, `own` (false for bars of `earlier`), `before` (close of the
    bar before), `from_contract`, `kind` ("roll", "bar" or "break"), `gap` = open - before,
    `low` and `high` (points: plausible from low to high), `is_jump`. R is the median range
    ln(high / low) of the 25 sessions around, S that of the 61 bars around:

    - "bar": no time between (or silent bars up to a minute, S by the root of time): +- max(5 S,
      0.2 %), and the level must hold: the medians of the five closes behind and before differ by
      half the gap or more. Else it is a bad tick.
    - "break": the daily break, a weekend, a halt, a hole: +- 3 R, at least 1.5, at most 7.5 %;
      wider by the root of time where it is longer than four days, as is the noise of a roll.
    - "roll": another contract: -0.6 to +1.5 % a quarter, and 0.4 R more on either side (0.8 R after
      a break of more than three hours).
    """
    names = ["ts", "open", "high", "low", "close", "contract", "session_date"]
    whole = pl.concat(
        [
            earlier.select(names).with_columns(own=pl.lit(value=False)),
            bars.select(names).with_columns(own=pl.lit(value=True)),
        ]
    )
    steps = _with_scales(whole).with_columns(
        before=pl.col("close").shift(1),
        from_contract=pl.col("contract").shift(1),
        pause=pl.col("ts").diff().dt.total_seconds(),
    )
    steps = steps.filter(pl.col("before").is_not_null()).with_columns(
        gap=pl.col("open") - pl.col("before"),
        kind=pl.when(pl.col("contract") != pl.col("from_contract"))
        .then(pl.lit("roll"))
        .when(pl.col("pause") > max(seconds, _SILENT_SECONDS))
        .then(pl.lit("break"))
        .otherwise(pl.lit("bar")),
    )
    steps = _bounded(steps, seconds).with_columns(
        low=pl.col("before") * pl.col("low_frac"), high=pl.col("before") * pl.col("high_frac")
    )
    outside = (pl.col("gap") < pl.col("low")) | (pl.col("gap") > pl.col("high"))
    holds = (pl.col("after_level") - pl.col("before_level")) * pl.col("gap").sign() >= (
        pl.col("gap").abs() / 2
    )
    keep = ["ts", "open", "close", "contract", "own", "before", "from_contract", "kind", "gap"]
    is_jump = outside & (holds | (pl.col("kind") != "bar"))
    return steps.select(*keep, "low", "high", is_jump=is_jump)


def _with_scales(whole: pl.DataFrame) -> pl.DataFrame:
    """With S (`bar_range`), R (`session_range`), and the levels before and behind a bar's open."""
    log_range = (pl.col("high") / pl.col("low")).log()
    sessions = (
        whole.group_by("session_date", "contract", maintain_order=True)
        .agg(span=(pl.col("high").max() / pl.col("low").min()).log())
        .with_columns(
            session_range=pl.col("span")
            .rolling_median(_SCALE_SESSIONS, center=True, min_samples=3)
            .fill_null(USUAL_SESSION_FRAC)
        )
        .drop("span")
    )
    usual = log_range.rolling_median(_SCALE_BARS, center=True, min_samples=3)
    level = pl.col("close").rolling_median(_HOLDS_BARS, min_samples=1)
    behind = pl.col("close").reverse().rolling_median(_HOLDS_BARS, min_samples=1).reverse()
    return whole.with_columns(
        bar_range=pl.max_horizontal(usual, _SCALE_FLOOR_FRAC * log_range.median()),
        before_level=level.shift(1),
        after_level=behind,
    ).join(sessions, on=["session_date", "contract"], how="left", maintain_order="left")


def _bounded(steps: pl.DataFrame, seconds: int) -> pl.DataFrame:
    """With `low_frac` and `high_frac`: plausible steps as fractions of the price before."""
    changes = steps.filter(pl.col("kind") == "roll").select("from_contract", "contract").unique()
    changes = changes.with_columns(
        quarters=pl.Series(
            [quarters_between(*pair) for pair in changes.iter_rows()], dtype=pl.Float64
        )
    )
    longer = (pl.col("pause") / _LONGEST_CLOSED_SECONDS).clip(1.0).sqrt()
    noise = (
        longer
        * pl.col("session_range")
        * (pl.when(pl.col("pause") > _NIGHT_SECONDS).then(WEEKEND_RANGES).otherwise(NIGHT_RANGES))
    )
    one, other = CARRY_LOW_FRAC * pl.col("quarters"), CARRY_HIGH_FRAC * pl.col("quarters")
    in_bar = (BAR_RANGES * pl.col("bar_range")).clip(BAR_LEAST_FRAC)
    in_bar *= (pl.col("pause") / seconds).clip(1.0).sqrt()
    opening = (BREAK_RANGES * pl.col("session_range")).clip(BREAK_LEAST_FRAC, BREAK_MOST_FRAC)
    opening *= longer
    still = pl.when(pl.col("kind") == "bar").then(in_bar).otherwise(opening)
    rolls = pl.col("kind") == "roll"
    return steps.join(
        changes, on=["from_contract", "contract"], how="left", maintain_order="left"
    ).with_columns(
        low_frac=pl.when(rolls).then(pl.min_horizontal(one, other) - noise).otherwise(-still),
        high_frac=pl.when(rolls).then(pl.max_horizontal(one, other) + noise).otherwise(still),
    )
