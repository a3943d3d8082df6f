"""The one compiled step, order types, costs, and the backtest loop."""
