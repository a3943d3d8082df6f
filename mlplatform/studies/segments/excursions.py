"""How far trades went against and for their entry before they ended (MAE and MFE)."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined

SHOWN_TRADES = 1_000
"""Drawn of each policy, spread evenly over time."""
NO_STOPS = "no trade has a stop, so none has an excursion in R"


@dataclass(frozen=True)
class Excursions:
    """Excursions in R (points by the initial stop distance). Sweeney (1996)."""

    mae_r: Floats
    """Worst, >= 0, of the trades drawn."""
    mfe_r: Floats
    """Best, >= 0, of the trades drawn."""
    r: Floats
    """Net result of the trades drawn."""
    trades: int
    """Trades with a stop, of which at most a thousand are drawn."""
    winners_mae_r: Metric
    """Median MAE of winning trades: the heat that winners took."""
    losers_mfe_r: Metric
    """Median MFE of losing trades: what losers had shown."""
    losers_up_one_r_frac: Metric
    """Share of losing trades that had been 1 R ahead."""
    edge_ratio: Metric
    """Mean MFE by mean MAE; about 1 for entries that say nothing."""
    kept_frac: Metric
    """Mean R by mean MFE: how much of the best excursion was kept."""


def excursions_of(trades: pl.DataFrame) -> Excursions:
    """From table `trades`; Undefined where there is no trade of the kind."""
    known = trades.filter(pl.col("stop_points") > 0.0, pl.col("r").is_not_null())
    known = known.sort("entry_ts", "candidate_id", maintain_order=True)
    stop = known["stop_points"].to_numpy()
    mae, mfe = known["mae_points"].to_numpy() / stop, known["mfe_points"].to_numpy() / stop
    r, net = known["r"].to_numpy(), known["net_usd"].to_numpy()
    n = known.height
    drawn = np.unique(np.linspace(0, n - 1, min(n, SHOWN_TRADES)).round().astype(np.int64))
    won, lost = net > 0.0, net < 0.0
    no_win, no_loss = Undefined("there is no winning trade"), Undefined("there is no losing trade")
    return Excursions(
        mae_r=mae[drawn],
        mfe_r=mfe[drawn],
        r=r[drawn],
        trades=n,
        winners_mae_r=float(np.median(mae[won])) if won.any() else no_win,
        losers_mfe_r=float(np.median(mfe[lost])) if lost.any() else no_loss,
        losers_up_one_r_frac=float(np.mean(mfe[lost] >= 1.0)) if lost.any() else no_loss,
        edge_ratio=_ratio(mfe, mae),
        kept_frac=_ratio(r, mfe),
    )


def _ratio(above: Floats, below: Floats) -> Metric:
    if above.size == 0:
        return Undefined(NO_STOPS)
    if float(np.sum(below)) == 0.0:
        return Undefined("no trade made an excursion to divide by")
    return float(np.sum(above) / np.sum(below))
