"""What came of each candidate: the engine's own trade under each stop of a grid, costs included."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mlplatform.domain.series import Series
from mlplatform.domain.tables import LABELS


@dataclass(frozen=True)
class LabelRules:
    """The grid of stops and the target, in ATR of the signal bar."""

    stop_grid_atr: tuple[float, ...] = (0.75, 1.0, 1.5, 2.0, 2.5, 3.0)
    target_atr: float = 2.0


def label_candidates(
    series: Series, rules: LabelRules, bars: pl.DataFrame, candidates: pl.DataFrame
) -> pl.DataFrame:
    """TEMPORARY slow loop."""
    from mlplatform.execution import BarArrays, Orders, Rules, simulate

    run = Rules.for_instrument(series.instrument)
    out = []
    idx = bars.select("ts").with_row_index("bar")
    cand = candidates.join(idx, on="ts", how="left", maintain_order="left")
    per_session = {k[0]: (v["bar"][0], v["bar"][-1]) for k, v in bars.with_row_index("bar").partition_by("session_date", as_dict=True).items()}
    for row in cand.iter_rows(named=True):
        first, last = row["bar"], per_session[row["session_date"]][1]
        part = BarArrays.from_frame(bars[first : last + 1], series.timeframe)
        for stop in rules.stop_grid_atr:
            o = Orders.market([0], [row["side"]], [1], stop_points=[stop * row["atr_points"]], target_points=[rules.target_atr * row["atr_points"]], tag=[row["candidate_id"]])
            t = simulate(part, o, run, 50_000.0).trades()
            base = {"candidate_id": row["candidate_id"], "stop_atr": stop}
            if t.is_empty():
                out.append(base | dict.fromkeys(("label_end", "net_atr", "r", "is_win", "mae_points", "mfe_points")))
                continue
            x = t.row(0, named=True)
            out.append(base | {"label_end": x["exit_ts"] + series.timeframe.delta, "net_atr": x["net_usd"] / series.instrument.multiplier_usd / row["atr_points"], "r": x["r"], "is_win": x["exit_reason"] == "target" and x["net_usd"] > 0, "mae_points": x["mae_points"], "mfe_points": x["mfe_points"]})
    return LABELS.frame(pl.DataFrame(out, schema=LABELS.schema))
