"""Roll and splice jumps: where levels before and behind do not belong together."""

from typing import Any

import polars as pl

from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.price_steps import price_steps
from mlplatform.market.quality.wording import counted, listed, moment

_AROUND_BARS = 60


def _named(jump: dict[str, Any]) -> str:
    size = f"by {jump['gap']:+,.2f} points ({100 * jump['gap'] / jump['before']:+.2f} %)"
    plausible = f"{jump['low']:+,.0f} to {jump['high']:+,.0f} points"
    at = moment(jump["ts"])
    if jump["kind"] == "roll":
        change = f"{jump['from_contract'] or 'unknown'} to {jump['contract'] or 'unknown'}"
        return f"{at} from {change} {size}, where carry and an ordinary opening explain {plausible}"
    if jump["kind"] == "break":
        return f"{at} over a break {size}, where the sessions around explain {plausible}"
    return f"{at} from one bar to the next {size}, where the bars around explain {plausible}"


def _judge(evidence: Evidence) -> Finding:
    """Each step from a close to the next open is held against what the market could have done;
    formula and constants: `price_steps`.
    """
    steps = price_steps(evidence.earlier, evidence.bars, evidence.series.timeframe.seconds)
    steps = steps.with_row_index("at")
    judged = steps.filter("own")
    jumps = judged.filter("is_jump").sort("ts")
    rolls = judged.filter(pl.col("kind") == "roll")
    figures: dict[str, float | int | str] = {
        "jumps": jumps.height,
        "contract_changes": rolls.height,
        "largest_roll_gap_points": float(rolls["gap"].abs().max() or 0.0),  # type: ignore[arg-type]
    }
    if jumps.is_empty():
        said = f"No step between bars that the market could not have made, {_rolls_said(rolls)}."
        closes = Curve.of(evidence.bars["close"], "points", "closes of the period")
        return Finding(True, "error", said, figures, closes)
    worst = jumps.sort(pl.col("gap").abs(), descending=True).row(0, named=True)
    start = max(0, int(worst["at"]) - _AROUND_BARS)
    around = steps["close"].slice(start, 2 * _AROUND_BARS)
    named = listed(_named(jump) for jump in jumps.head(4).to_dicts())
    if jumps.height > 4:
        named = f"{listed(_named(jump) for jump in jumps.head(3).to_dicts())}; and others"
    return Finding(
        False,
        "error",
        f"{counted(jumps.height, 'price jump')}: at {named}. Prices before and behind do not "
        "belong together: look for a wrong adjustment or two sources put end to end.",
        {
            **figures,
            "largest_jump_points": float(worst["gap"]),
            "largest_jump_frac": float(worst["gap"] / worst["before"]),
            "largest_jump_at": moment(worst["ts"]),
            "plausible_low_points": float(worst["low"]),
            "plausible_high_points": float(worst["high"]),
        },
        Curve.of(around, "points", f"closes around {moment(worst['ts'])}"),
    )


def _rolls_said(rolls: pl.DataFrame) -> str:
    gaps = listed(
        f"{row['from_contract']} to {row['contract']} {row['gap']:+,.2f} points"
        for row in rolls.to_dicts()
    )
    return f"contract changes included ({gaps})" if gaps else "and no contract change"


CHECK = QualityCheck(
    "no_price_jumps",
    "No jump at a contract change, a break or between two bars that the market could not make.",
    True,
    _judge,
)
