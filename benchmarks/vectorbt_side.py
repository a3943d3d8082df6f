"""The same signals through vectorbt; runs in an environment of its own, which has vectorbt.

Usage: python vectorbt_side.py SIGNALS.npz; writes one line of JSON.
"""

import json
import sys
import time

import numpy as np
import vectorbt as vbt


def main(path: str) -> None:
    """Time `from_signals` cold and warm, and its statistics."""
    data = np.load(path)
    shared = {
        name: data[name] for name in ("open", "high", "low", "entries", "short_entries", "price")
    }
    times = []
    for _ in range(3):
        start = time.perf_counter()
        portfolio = vbt.Portfolio.from_signals(
            data["close"],
            **shared,
            sl_stop=data["stop_frac"],
            tp_stop=data["target_frac"],
            upon_opposite_entry="ignore",
            size=1.0,
            init_cash=1e9,
            freq="5min",
        )
        trades = int(portfolio.trades.count())
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    portfolio.stats()
    statistics_s = time.perf_counter() - start
    report = {
        "version": vbt.__version__,
        "trades": trades,
        "cold_s": times[0],
        "warm_s": min(times[1:]),
        "statistics_s": statistics_s,
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
