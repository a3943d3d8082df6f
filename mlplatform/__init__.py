"""A machine-learning data platform for intraday futures traders."""

__version__ = "0.1.0"
