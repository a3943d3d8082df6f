"""What the platform said of one world, next to what was true of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import polars as pl

from mlplatform.decisions.plans import BASELINE_STOP_ATR
from mlplatform.labels.outcomes import at_traded_target
from mlplatform.market.periods import trading_day
from mlplatform.metrics.bootstrap import mean_interval
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.truth.oracle import Knower
from mlplatform.studies.truth.worlds import PlannedWorld

CLAIMS = ("edge", "edge_not_over_baseline")
"""The verdicts that claim an edge."""


@dataclass(frozen=True)
class Earned:
    """What a policy's trades came to: their number and the sum of their R, net of costs."""

    trades: int
    sum_r: float

    @property
    def expectancy_r(self) -> float | None:
        """Mean R a trade."""
        return self.sum_r / self.trades if self.trades else None


@dataclass(frozen=True)
class Choice:
    """What the models chose among the candidates, each judged alone, so that each role is seen.

    Sums of R over complete candidates: `taken_r` of those ML takes, under ML's stops; `oracle_r`
    of those the oracle takes under ML's stops, `oracle_static_r` under the static one.
    `hits` are in both.
    """

    taken: int = 0
    taken_r: float = 0.0
    oracle: int = 0
    oracle_r: float = 0.0
    oracle_static_r: float = 0.0
    hits: int = 0


@dataclass(frozen=True)
class Outcome:
    """One finished world. Money in USD per day; bounds are of the report's 98 % intervals.

    `gross_low` and `gross_high` bound ML's mean day before costs: in a noise world its truth is
    zero, so that each is crossed by chance once in a hundred worlds. None where the report has no
    such figure.
    """

    world: PlannedWorld
    verdict: str
    ml: Earned
    baseline: Earned
    observer: Earned | None
    """The attainable; None in a noise world, as all that is about an edge."""
    oracle: Earned | None
    choice: Choice
    day_low: float | None
    over_baseline_low: float | None
    sharpe: float | None
    sharpe_hurdle: float | None
    """What the best of all trials is expected to show without skill."""
    gross_low: float | None
    gross_high: float | None
    seconds: float
    """Of one processor."""

    @property
    def claims(self) -> bool:
        """Whether the verdict claims an edge."""
        return self.verdict in CLAIMS

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_line(cls, line: str) -> "Outcome":
        """The outcome of `to_line`; ValueError where the line is none."""
        try:
            told = json.loads(line)
            nested = {name: _built(kind, told[name]) for name, kind in _NESTED.items()}
            return cls(**{**{f.name: told[f.name] for f in fields(cls)}, **nested})
        except (KeyError, TypeError) as error:
            raise ValueError(f"no outcome of a world: {line[:60]}") from error


_NESTED: Mapping[str, type] = {
    "world": PlannedWorld,
    "ml": Earned,
    "baseline": Earned,
    "observer": Earned,
    "oracle": Earned,
    "choice": Choice,
}


def _built(kind: type, told: Mapping[str, Any] | None) -> Any:
    return None if told is None else kind(**told)


def earned(trades: pl.DataFrame, policy: str) -> Earned:
    """From table `backtest`."""
    own = trades.filter(pl.col("policy") == policy)
    return Earned(own.height, float(own["r"].sum()))


def choice_of(judged: pl.DataFrame, labels: pl.DataFrame, oracle: Knower) -> Choice:
    """From the candidates that models judged (`quality.judged_candidates`) and their labels."""
    known = judged.drop_nulls("net_r").with_columns(
        is_favoured=pl.col("candidate_id").is_in(list(oracle.chosen))
    )
    static = at_traded_target(labels).filter(pl.col("stop_atr") == BASELINE_STOP_ATR)
    known = known.join(static.select("candidate_id", static_r="r"), on="candidate_id")
    known = known.drop_nulls("static_r")
    taken, favoured = known.filter("take"), known.filter("is_favoured")
    return Choice(
        taken.height,
        float(taken["net_r"].sum()),
        favoured.height,
        float(favoured["net_r"].sum()),
        float(favoured["static_r"].sum()),
        taken.filter("is_favoured").height,
    )


def gross_bounds(
    trades: pl.DataFrame, days: pl.Series, seed: int
) -> tuple[float | None, float | None]:
    """The interval of ML's mean day before costs, by the rule of the verdict, in USD.

    `trades` is table `backtest`, `days` the tested trading days; a trade counts on the day of its
    exit. Slippage is contained in the net result, so it is added back with the commission.
    """
    own = trades.filter(pl.col("policy") == "ml")
    gross = pl.col("net_usd") + pl.col("commission_usd") + pl.col("slippage_usd")
    by_day = own.group_by(day=trading_day(pl.col("exit_ts"))).agg(gross=gross.sum())
    table = pl.DataFrame({"day": days}).join(by_day, on="day", how="left", maintain_order="left")
    daily = table["gross"].fill_null(0.0).to_numpy().astype(np.float64)
    found = mean_interval(daily, seed)
    return (None, None) if isinstance(found, Undefined) else (found.low, found.high)
