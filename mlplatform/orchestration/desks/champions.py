"""The out-of-sample trades of champion recipes: kept at promotion, to hold challengers against."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.home import Home, write_text
from mlplatform.domain.tables import TRADES
from mlplatform.settings import StudySettings
from mlplatform.studies.comparison.value import Contender

_TOLD, _TRADES = "champion.json", "trades.parquet"
_CURRENT = "current.json"
_SETTINGS = ("cadence", "train_periods", "trials", "seed", "capital_usd", "embargo_minutes")
_SETTINGS += ("max_contracts", "strategy")
"""What a recipe is made of, beside code."""


@dataclass(frozen=True)
class Shelf:
    """`champions/<series>/` of a home: a folder a recipe, and which recipe is champion now."""

    home: Home
    series: str

    @property
    def _root(self) -> Path:
        return self.home.root / "champions" / self.series

    @property
    def current(self) -> str | None:
        """The recipe that is champion; None where none was kept."""
        path = self._root / _CURRENT
        return str(json.loads(path.read_text())["recipe"]) if path.is_file() else None

    def keep(self, recipe: str, champion: Contender) -> None:
        """Make it the champion; the recipe that it replaces is remembered with it.

        The same recipe with a new window replaces itself: who was champion before it stays.
        """
        before = self.current
        over = self.over(recipe) if before == recipe else before
        folder = self._root / recipe
        with replacing(folder / _TRADES) as temporary:
            champion.trades.select(TRADES.names).write_parquet(temporary)
        told = {
            "over": over,
            "days": [day.isoformat() for day in champion.days],
            "capital_usd": champion.capital_usd,
            "settings": dict(champion.settings),
        }
        write_text(folder / _TOLD, json.dumps(told, indent=1) + "\n")
        write_text(self._root / _CURRENT, json.dumps({"recipe": recipe}) + "\n")

    def over(self, recipe: str) -> str | None:
        """The recipe that was champion before this one."""
        told = self._told(recipe)
        return str(told["over"]) if told and told["over"] else None

    def champion(self, recipe: str | None) -> Contender | None:
        """What a recipe that is or was champion traded; None where that was not kept."""
        told = self._told(recipe) if recipe else None
        if told is None:
            return None
        return Contender(
            f"{self.series} champion",
            self.series,
            "ml",
            pl.read_parquet(self._root / str(recipe) / _TRADES),
            tuple(date.fromisoformat(day) for day in told["days"]),
            float(told["capital_usd"]),
            told["settings"],
        )

    def incumbent(
        self, held: str | None, recipe: str, mine: Contender
    ) -> tuple[Contender | None, str]:
        """Whom `mine`, of `recipe`, is held against, or None and the reason.

        `held` is the champion recipe. Where that is the own one, it is whom it replaced.
        """
        if held is None:
            return None, "the series has no champion"
        against = self.over(recipe) if held == recipe else held
        found = self.champion(against)
        if found is not None and set(found.days) & set(mine.days):
            return found, ""
        if found is not None:
            return None, "the champion recipe and this one share no trading day"
        if held == recipe:
            return None, "this recipe is the first champion of the series"
        return None, "the trades of the champion recipe were not kept"

    def _told(self, recipe: str) -> dict[str, Any] | None:
        path = self._root / recipe / _TOLD
        return json.loads(path.read_text()) if path.is_file() else None


def contender_of(
    series: str, trades: pl.DataFrame, equity: pl.DataFrame, settings: StudySettings
) -> Contender:
    """What this recipe's ML policy traded: from tables `backtest` and `daily_equity`."""
    mine = pl.col("policy") == "ml"
    days = equity.filter(mine)["session_date"].to_list()
    return Contender(
        f"{series} challenger",
        series,
        "ml",
        trades.filter(mine).select(TRADES.names),
        tuple(days),
        settings.capital_usd,
        settings.model_dump(mode="json", include=set(_SETTINGS)),
    )
