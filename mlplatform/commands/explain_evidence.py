"""What a home holds of one series, found and read for `mlplatform explain`."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mlplatform.adapters.bars.staging import Delivery
from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.domain.tables import (
    BACKTEST,
    DECISIONS,
    DETECTOR_SCORES,
    DETECTORS,
    MODELS,
    POLICIES,
)
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.orchestration.account import account_limits
from mlplatform.orchestration.build import Platform
from mlplatform.setups.inputs import ModelInputs, model_inputs_of, with_score
from mlplatform.studies.backtest import backtest_fills, tested_bars
from mlplatform.studies.explanation.assembling import Evidence
from mlplatform.studies.explanation.chain import Origin

ROLES = ("stop", "entry", "size")


class Shelf:
    """The tables of one series; each is read once, when it is asked for."""

    def __init__(self, platform: Platform, name: str) -> None:
        self._platform = platform
        self._lake = platform.home.lake
        self.series = Series.parse(name)

    @cached_property
    def candidates(self) -> pl.DataFrame:
        """Table `candidates` of all periods, each with its `period`."""
        name = self.series.name
        return pl.concat(
            self._lake.read("candidates", name, [period]).with_columns(period=pl.lit(period))
            for period in self._lake.periods("candidates", name)
        )

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """Table `decisions` of all windows."""
        return self._all("decisions", DECISIONS.empty())

    @cached_property
    def trades(self) -> pl.DataFrame:
        """Table `backtest`."""
        return self._all("backtest", BACKTEST.empty())

    @cached_property
    def bars(self) -> pl.DataFrame:
        """Table `bars` of all periods. Raises InputError where there are none."""
        name = self.series.name
        periods = self._lake.periods("bars", name)
        if not periods:
            raise InputError(f"There are no bars of {name}: run `mlplatform run` first.")
        return self._lake.read("bars", name, periods)

    @property
    def ids(self) -> list[str]:
        """All that can be explained: candidates, and what policies drew themselves."""
        named = (frame["candidate_id"] for frame in (self.candidates, self.decisions))
        return pl.concat(named).unique(maintain_order=True).to_list()

    def newest(self, count: int) -> pl.DataFrame:
        """The newest candidates with each policy's net R, null where it did not trade."""
        last = self.candidates.sort("ts").tail(count).select("candidate_id", "ts")
        for policy in ("baseline", "ml"):
            mine = self.trades.filter(pl.col("policy") == policy).select("candidate_id", "r")
            last = last.join(
                mine.rename({"r": policy}), on="candidate_id", how="left", maintain_order="left"
            )
        return last

    def evidence(self, identity: str) -> Evidence:
        """All that bears on one id."""
        mine = pl.col("candidate_id") == identity
        candidate, decisions = self.candidates.filter(mine), self.decisions.filter(mine)
        known = candidate if candidate.height else decisions
        period, ts = known["period"][0], known["ts"][0]
        models, policy = self._models(period), self._one("policy", period, POLICIES.empty())
        fills, outcomes = self._fills(identity)
        return Evidence(
            series=self.series.name,
            bars=self.bars,
            candidate=candidate.drop("period"),
            decisions=decisions,
            trades=self.trades.filter(mine),
            fills=fills,
            outcomes=outcomes,
            models=models,
            policy=policy,
            versions=self._versions(models, policy),
            origin=self._origin(period, ts),
            inputs=self._inputs(period, candidate) if candidate.height else None,
            feature_plan=core_plan(self.series.timeframe).fingerprint,
        )

    def _all(self, asset: str, empty: pl.DataFrame) -> pl.DataFrame:
        periods = self._lake.periods(asset, self.series.name)
        return self._lake.read(asset, self.series.name, periods) if periods else empty

    def _one(self, asset: str, period: str, empty: pl.DataFrame) -> pl.DataFrame:
        name = self.series.name
        return self._lake.read(asset, name, [period]) if self._has(asset, period) else empty

    def _has(self, asset: str, period: str) -> bool:
        return self._lake.has(asset, self.series.name, period)

    def _models(self, period: str) -> pl.DataFrame:
        rows = [self._one(f"{role}_model", period, MODELS.empty()) for role in ROLES]
        if any(row.height for row in rows):
            rows.append(self._one("setup_detector", period, DETECTORS.empty()))
        return pl.concat(rows, how="diagonal")

    def _versions(self, models: pl.DataFrame, policy: pl.DataFrame) -> Mapping[str, str | None]:
        """By role; the tracker is asked, for a role's row does not know its version."""
        found: dict[str, str | None] = {"policy": policy["version"][0] if policy.height else None}
        for role, identity in models.select("role", "fingerprint").iter_rows():
            known = self._platform.tracker.find(f"{self.series.name}-{role}", identity)
            found[role] = known.version if known else None
        return found

    def _inputs(self, period: str, candidate: pl.DataFrame) -> ModelInputs:
        """What the models see; no inputs at all where the features on disk are of another plan."""
        features = self._lake.read("features", self.series.name, [period])
        inputs = model_inputs(core_plan(self.series.timeframe))
        needed = {name for feature in inputs for name in (feature.name, feature.mirror) if name}
        if needed - set(features.columns):
            return ModelInputs(np.zeros((1, 0)), [])
        seen = model_inputs_of(candidate, features, inputs, self._platform.strategy.setup_names)
        scores = self._one("detector_scores", period, DETECTOR_SCORES.empty())
        return with_score(seen, candidate, scores)

    def _fills(self, identity: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """From the run of all decisions on the execution step: the lake keeps trades, not fills."""
        settings = self._platform.settings
        axis = PeriodAxis(settings.cadence, settings.first_period)
        span = tested_bars(axis, self.bars, self.decisions)
        mine = pl.col("candidate_id") == identity
        found = backtest_fills(
            self.series, span, self.decisions, settings.capital_usd, account_limits(settings)
        )
        return found[0].filter(mine), found[1].filter(mine)

    def _origin(self, period: str, ts: Any) -> Origin | None:
        """The delivered row that the bar at `ts` was made of."""
        bar = self.bars.filter(pl.col("ts") == pl.lit(ts))
        if bar.height != 1 or bar["source"][0] is None:
            return None
        source, row = bar["source"][0], bar["row"][0]
        chapter = self._platform.book.chapter(self.series.name)
        for item in chapter.deliveries:
            if period not in item.hashes:
                continue
            rows = pl.read_parquet(chapter.folder_of(item) / f"{period}.parquet", memory_map=False)
            same = (pl.col("source") == source) & (pl.col("row") == row)
            delivered = rows.filter(same & (pl.col("ts") == pl.lit(ts)))
            if delivered.height:
                return Origin(
                    name=item.name,
                    kind=item.spec.kind,
                    sha256=item.sha256,
                    source=source,
                    row=row,
                    path=item.spec.path,
                    delivered=delivered.row(0, named=True),
                    state=_state(item),
                )
        return None


def _state(item: Delivery) -> str | None:
    """Whether the file is still the one that was taken in."""
    if item.spec.kind != "file" or item.spec.path is None:
        return None
    path = Path(item.spec.path)
    if not path.exists():
        return "gone"
    if not path.is_file():
        return None
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return "unchanged" if digest == item.sha256 else "changed"
