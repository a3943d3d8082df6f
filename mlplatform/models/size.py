"""The size model: whole contracts by a chosen method (fractional Kelly unless told), under caps."""

from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray, require_classes, require_rows
from mlplatform.models.errors import NotTrainable
from mlplatform.models.heat import Method, MethodConfig, daily_sd_points, wanted_contracts
from mlplatform.models.space import Params, Real, Space
from mlplatform.models.tuning import TrialRecord, Tuner


@dataclass(frozen=True)
class SizeConfig:
    """Method, caps, and the ranges that tuning may choose from; fractions are of capital."""

    method: Method = "kelly"
    bars_per_day: float = 276.0
    """Bars of a trading day of 23 hours: an ATR is one bar's range."""

    min_trades: int = 20
    min_class_trades: int = 3
    max_contracts: int = 10
    max_drawdown_frac: float = 0.10
    kelly_fraction: tuple[float, float] = (0.05, 0.5)
    max_risk_frac: tuple[float, float] = (0.0025, 0.02)
    fixed_risk_frac: tuple[float, float] = (0.0025, 0.02)
    target_daily_frac: tuple[float, float] = (0.0025, 0.03)
    min_loss_r: float = 0.25


@dataclass(frozen=True, eq=False)
class SizeRows:
    """Trades that the entry model would take, sorted by decision, each vector (n,).

    Calibrated probability, 0/1 win, net result per initial risk, initial risk in points, ATR of
    the signal bar in points.
    """

    decision_ts: IntArray
    label_end_ts: IntArray
    probability: FloatArray
    is_win: FloatArray
    net_r: FloatArray
    stop_points: FloatArray
    atr_points: FloatArray


@dataclass(frozen=True)
class SizeMetrics:
    """What the chosen size made of the validation trades, next to one contract each time (the
    comparator: method `fixed`).

    `drawdown_met` is False where even the smallest size tried broke the limit.
    """

    trades: int
    overlapping_trades: int
    log_growth: float
    log_growth_one_contract: float | None
    max_drawdown_frac: float
    drawdown_met: bool
    trials_run: int
    method: Method = "kelly"
    beats_one_contract: bool = False


@dataclass(frozen=True)
class SizeRule:
    """How many contracts: the method and its parameters, payoff in R, and the caps."""

    avg_win_r: float
    avg_loss_r: float
    kelly_fraction: float
    max_risk_frac: float
    max_contracts: int
    method: Method = "kelly"
    fixed_risk_frac: float = 0.0
    target_daily_frac: float = 0.0
    bars_per_day: float = 276.0

    def contracts(
        self,
        probability: FloatArray,
        stop_points: FloatArray,
        multiplier_usd: float,
        capital_usd: float,
        atr_points: FloatArray | None = None,
    ) -> IntArray:
        """(n,) probability, stop and ATR of trades to be taken -> (n,) whole contracts.

        At least 1 where one contract's risk is within `max_risk_frac` of capital, else 0; never
        above `max_contracts`. Raises ValueError for a probability outside [0, 1], a stop that is
        not positive, a multiplier that is not, or no ATR where the method needs it.
        """
        p, stop = np.asarray(probability, np.float64), np.asarray(stop_points, np.float64)
        if not ((p >= 0.0) & (p <= 1.0)).all():
            raise ValueError("a probability must lie between 0 and 1")
        if not (np.isfinite(stop) & (stop > 0.0)).all() or not multiplier_usd > 0.0:
            raise ValueError("a stop distance and the multiplier must be positive")
        one_usd = stop * multiplier_usd
        config = MethodConfig(self.method, self.fixed_risk_frac, self.target_daily_frac)
        daily = np.full(len(p), np.nan)
        if atr_points is not None:
            daily = daily_sd_points(atr_points, self.bars_per_day) * multiplier_usd
        wanted = wanted_contracts(config, self.risk_frac(p), one_usd, daily, capital_usd)
        affordable = one_usd <= self.max_risk_frac * capital_usd
        sized = np.where(affordable, np.clip(wanted, 1.0, self.max_contracts), 0.0)
        return np.asarray(sized, dtype=np.int64)

    def risk_frac(self, probability: FloatArray) -> FloatArray:
        """(n,) probability -> (n,) fraction of capital that Kelly's method risks, before whole
        contracts.
        """
        kelly = kelly_frac(probability, self.avg_win_r, self.avg_loss_r)
        return np.asarray(np.clip(self.kelly_fraction * kelly, 0.0, self.max_risk_frac))


@dataclass(frozen=True)
class SizeModel:
    """Fitted size: the rule, how it was tuned, and what it made of the validation trades."""

    rule: SizeRule
    trials: tuple[TrialRecord, ...]
    metrics: SizeMetrics

    def contracts(
        self,
        probability: FloatArray,
        stop_points: FloatArray,
        multiplier_usd: float,
        capital_usd: float,
        atr_points: FloatArray | None = None,
    ) -> IntArray:
        """(n,) whole contracts by the fitted rule; see `SizeRule.contracts`."""
        return self.rule.contracts(
            probability, stop_points, multiplier_usd, capital_usd, atr_points
        )

    def risk_frac(self, probability: FloatArray) -> FloatArray:
        """(n,) fraction of capital to risk by the fitted rule; see `SizeRule.risk_frac`."""
        return self.rule.risk_frac(probability)


def kelly_frac(probability: FloatArray, avg_win_r: float, avg_loss_r: float) -> FloatArray:
    """Fraction of capital to put at risk per 1 R: p / loss - (1 - p) / win; below 0 if it loses.

    J. L. Kelly, A New Interpretation of Information Rate, Bell System Technical Journal 35 (1956),
    in the form for unequal stakes (E. O. Thorp, The Kelly Criterion in Blackjack, Sports Betting
    and the Stock Market, 2006): the f that maximises p log(1 + win f) + (1 - p) log(1 - loss f).
    """
    return np.asarray(probability / avg_loss_r - (1.0 - probability) / avg_win_r)


def fit_size(
    rows: SizeRows,
    multiplier_usd: float,
    capital_usd: float,
    config: SizeConfig,
    tuner: Tuner,
) -> SizeModel:
    """Measure the payoff, then tune the method's parameters and the risk cap on validation equity.

    The objective is log growth over the trades that one position at a time could take; a maximum
    drawdown (of closed equity) at or above the limit ranks below every choice within it.
    Raises NotTrainable where trades, winners or losers are too few, or where winners gain nothing.
    """
    avg_win_r, avg_loss_r = _payoff_r(rows, config)
    apart = _one_at_a_time(rows.decision_ts, rows.label_end_ts)
    account = _Account(rows, apart, multiplier_usd, capital_usd)

    def rule(params: Params) -> SizeRule:
        found = {"kelly_fraction": 0.0} | {name: float(value) for name, value in params.items()}
        return SizeRule(
            avg_win_r,
            avg_loss_r,
            max_contracts=config.max_contracts,
            method=config.method,
            bars_per_day=config.bars_per_day,
            **found,
        )

    def objective(params: Params) -> float:
        growth, drawdown = account.trade(rule(params))
        return -growth if drawdown < config.max_drawdown_frac else _BROKEN + drawdown

    found = tuner.part("size", tuner.trials).tune(objective, _space(config))
    growth, drawdown = account.trade(rule(found.best_params))
    plain = account.trade(None)[0]
    metrics = SizeMetrics(
        trades=len(apart),
        overlapping_trades=len(rows.net_r) - len(apart),
        log_growth=growth,
        log_growth_one_contract=plain,
        max_drawdown_frac=drawdown,
        drawdown_met=drawdown < config.max_drawdown_frac,
        trials_run=found.trials_run,
        method=config.method,
        beats_one_contract=growth > plain,
    )
    return SizeModel(rule(found.best_params), found.history, metrics)


def _payoff_r(rows: SizeRows, config: SizeConfig) -> tuple[float, float]:
    """Average win and average loss in R, both positive; NotTrainable where there is no payoff."""
    require_rows(len(rows.net_r), config.min_trades, "trades to size")
    won = rows.is_win > 0
    require_classes(won, config.min_class_trades, "trades to size")
    avg_win_r = float(rows.net_r[won].mean())
    if avg_win_r <= 0.0:
        raise NotTrainable("winners gain nothing on average, so there is no payoff to size by")
    # Losers that close near zero (time exits) would let Kelly bet without bound.
    return avg_win_r, max(config.min_loss_r, float(-rows.net_r[~won].mean()))


# Above any loss by log growth within the drawdown limit.
_BROKEN = 100.0
_RUINED = -50.0


def _space(config: SizeConfig) -> Space:
    """Trial 0 is the most careful corner, so that the limit is met wherever it can be."""
    ranges = {"max_risk_frac": config.max_risk_frac}
    own = {
        "kelly": "kelly_fraction",
        "fixed_fractional": "fixed_risk_frac",
        "volatility": "target_daily_frac",
    }
    if config.method in own:
        ranges = {own[config.method]: getattr(config, own[config.method])} | ranges
    return Space(
        ranges={name: Real(*ends) for name, ends in ranges.items()},
        first={name: ends[0] for name, ends in ranges.items()},
    )


def _one_at_a_time(decision_ts: IntArray, label_end_ts: IntArray) -> IntArray:
    """Trades that are free to open: none decides before the last one's label is over."""
    free, kept = np.iinfo(np.int64).min, []
    for row, (start, end) in enumerate(zip(decision_ts, label_end_ts, strict=True)):
        if start >= free:
            kept.append(row)
            free = end
    return np.array(kept, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Account:
    """Validation trades in order, and the capital that trades them."""

    rows: SizeRows
    apart: IntArray
    multiplier_usd: float
    capital_usd: float

    def trade(self, rule: SizeRule | None) -> tuple[float, float]:
        """Log growth and maximum drawdown of closed equity; one contract each where no rule."""
        equity = peak = self.capital_usd
        drawdown = 0.0
        for row in self.apart:
            stop = self.rows.stop_points[row : row + 1]
            contracts = 1
            if rule is not None:
                probability = self.rows.probability[row : row + 1]
                atr = self.rows.atr_points[row : row + 1]
                sized = rule.contracts(probability, stop, self.multiplier_usd, equity, atr)
                contracts = int(sized[0])
            risk_usd = float(stop[0]) * self.multiplier_usd
            equity += contracts * risk_usd * float(self.rows.net_r[row])
            if equity <= 0.0:
                return _RUINED, 1.0
            peak = max(peak, equity)
            drawdown = max(drawdown, 1.0 - equity / peak)
        return float(np.log(equity / self.capital_usd)), drawdown
