"""Strategies: setups with parameters, filters over features, exits; ours or a user's."""

from mlplatform.decisions.exits import Exits
from mlplatform.strategies.declared import setup_of, strategy_of
from mlplatform.strategies.strategy import Strategy

__all__ = ["Exits", "Strategy", "setup_of", "strategy_of"]
