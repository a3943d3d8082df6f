"""The shared desk of the model assets: opens a window, fits a role, tracks and registers it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import numpy as np
import polars as pl

from mlplatform.adapters.studies import StudyStorage
from mlplatform.adapters.tracking.port import Tracker
from mlplatform.decisions.policy import PolicyTerms, pack, policy_fingerprint
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.domain.tables import MODELS, POLICIES
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.market.periods import period_of_day, trading_day
from mlplatform.market.sessions import session_calendar
from mlplatform.models.errors import NotTrainable
from mlplatform.models.serial import Model, from_bytes
from mlplatform.models.stop_shape import ShapeConfig
from mlplatform.models.tuning import Tuner
from mlplatform.orchestration.desks.model_rows import Fitted, absent, model_row
from mlplatform.orchestration.desks.notes import Window, model_note, policy_note
from mlplatform.orchestration.desks.tuning import tuner_of
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.steps.threads import families_at_once
from mlplatform.settings import StudySettings
from mlplatform.setups.inputs import DETECTOR_SCORE
from mlplatform.studies.fitting import FitSettings
from mlplatform.studies.training import FloatArray, TrainingSet, training_set

Past = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]
"""Features, candidates, labels and detector scores."""
RoleFit = tuple[Model, FloatArray | None]
"""A role's model, and what it said of its rows unseen (n,), where later roles learn from that."""


@dataclass(frozen=True)
class WindowDesk:
    """What the model assets share."""

    axis: PeriodAxis
    settings: StudySettings
    tracker: Tracker
    storage: StudyStorage
    setup_names: tuple[str, ...]
    """Of the home's strategy, in order: the models get a flag for each."""

    @property
    def embargo(self) -> timedelta:
        """Between the end of a training label and the first tested decision."""
        return timedelta(minutes=self.settings.embargo_minutes)

    @property
    def embargo_us(self) -> int:
        """The embargo in microseconds."""
        return self.embargo // timedelta(microseconds=1)

    def open(
        self,
        context: dg.AssetExecutionContext,
        features: pl.DataFrame,
        candidates: pl.DataFrame,
        labels: pl.DataFrame,
        scores: pl.DataFrame,
    ) -> Window:
        """The window of a model partition; dg.Failure where training periods are missing, and
        NotTrainable where they hold nothing to learn from.
        """
        partition = Partition.parse(context.partition_key)
        series = Series.parse(partition.series)
        self._require_periods(features, partition.period)
        inputs = (model_inputs(core_plan(series.timeframe)), self.setup_names)
        start = self.tested_from(partition.period)
        train = training_set(features, candidates, labels, inputs, start, self.embargo, scores)
        fit = FitSettings(
            embargo_us=self.embargo_us,
            max_contracts=self.settings.max_contracts,
            multiplier_usd=series.instrument.multiplier_usd,
            capital_usd=self.settings.capital_usd,
            stop_shape=ShapeConfig(
                self.settings.stop_smooth_weight,
                min_ticks=self.settings.stop_min_ticks,
                max_ticks=self.settings.stop_max_ticks,
            ),
            size_method=self.settings.size_method,
            bars_per_day=23 * 3600 / series.timeframe.seconds,
            families=self.settings.families,
            threads=families_at_once(self.settings),
            class_weight=self.settings.class_weight,
        )
        run_id = context.run.run_id

        def tuner(role: str) -> Tuner:
            return tuner_of(self.settings, self.storage, partition, role, train, run_id)

        return Window(series, partition.period, train, fit, tuner, start)

    def tested_from(self, period: str) -> datetime:
        """The start of the period's first session."""
        first = self.axis.start_of(period)
        start = session_calendar(first, first + timedelta(days=10))["session_start"][0]
        assert isinstance(start, datetime)
        return start

    def _require_periods(self, features: pl.DataFrame, period: str) -> None:
        days = features.select(day=trading_day(pl.col("ts"))).unique()
        present = days.select(period_of_day(self.axis.cadence, pl.col("day"))).to_series()
        if present.n_unique() < self.settings.train_periods:
            raise dg.Failure(
                f"Window {period} needs {self.settings.train_periods} training periods before it, "
                f"{present.n_unique()} are materialised: materialise the earlier ones first."
            )

    def fit(
        self,
        context: dg.AssetExecutionContext,
        role: str,
        past: Past,
        fit: Callable[[Window], RoleFit],
    ) -> pl.DataFrame:
        """Fit, track and register one role of a window: one row of table `models`.

        `past` are features, candidates, labels and detector scores of the training periods.
        """
        period = Partition.parse(context.partition_key).period
        window = None
        try:
            window = self.open(context, *past)
            model, out_of_fold = fit(window)
        except NotTrainable as error:
            return self.fallback(role, period, error.reason, window.train if window else None)
        metrics = json.dumps(asdict(model.metrics), sort_keys=True)
        note = model_note(role, window, model, metrics, self.settings)
        self.tracker.register(note)
        trials = model.metrics.trials_run
        fitted = Fitted(note.fingerprint, metrics, note.payload, trials_run=trials)
        row = model_row(role, period, fitted, window.train, window.tested_from)
        crossing = pl.lit(_packed(out_of_fold), pl.Binary)
        return MODELS.frame(row.with_columns(out_of_fold=crossing))

    def fallback(
        self, role: str, period: str, reason: str, train: TrainingSet | None
    ) -> pl.DataFrame:
        """The row of a role that could not be had, which says why."""
        nothing = Fitted.nothing(role, reason)
        return MODELS.frame(model_row(role, period, nothing, train, self.tested_from(period)))

    def policy(
        self, series: Series, roles: Mapping[str, pl.DataFrame], recipe: str
    ) -> pl.DataFrame:
        """Pack and register the policy of one window: one row of table `policies`."""
        models = {role: row["payload"][0] for role, row in roles.items()}
        reasons = _reservations(roles)
        terms = PolicyTerms(
            core_plan(series.timeframe).fingerprint,
            _input_names(series, self.setup_names),
            series.instrument.multiplier_usd,
            self.settings.capital_usd,
            series.instrument.tick_points,
        )
        payload = version = None
        identity = absent("; ".join(reasons))
        if models["stop"] is not None and models["entry"] is not None:
            payload = pack({role: data for role, data in models.items() if data}, terms)
            identity = policy_fingerprint(payload)
            pins = {role: self._pin(series, role, row) for role, row in roles.items()}
            since = self.tested_from(roles["entry"]["period"][0])
            note = policy_note(series, roles["entry"], payload, recipe, pins, self.settings, since)
            version = self.tracker.register(note).version
        told = ("period", "train_from", "train_to", "train_rows", "purged_rows")
        return POLICIES.frame(
            roles["entry"]
            .select(told)
            .with_columns(
                fingerprint=pl.lit(identity),
                recipe=pl.lit(recipe),
                feature_plan=pl.lit(terms.feature_plan),
                fallback=pl.lit("; ".join(reasons) or None, pl.String),
                trials_run=pl.lit(sum(int(row["trials_run"][0]) for row in roles.values())),
                payload=pl.lit(payload, pl.Binary),
                version=pl.lit(version, pl.String),
            )
        )

    def _pin(self, series: Series, role: str, row: pl.DataFrame) -> str:
        """The registry version of a role's model; none where it is left out."""
        if row["payload"][0] is None:
            return "none"
        found = self.tracker.find(f"{series.name}-{role}", row["fingerprint"][0])
        return found.version if found else "none"


def _reservations(roles: Mapping[str, pl.DataFrame]) -> list[str]:
    """What a reader of the window must know of its models."""
    told = []
    for role, row in roles.items():
        if (reason := row["fallback"][0]) and role == "detector":
            told.append(f"detector: {reason}")
        elif reason:
            told.append(f"{role} model: {reason}" + "; one contract each" * (role == "size"))
    entry = json.loads(roles["entry"]["metrics"][0])
    if entry and not entry["threshold"]["has_edge"]:
        told.append(
            "entry model: no threshold had an expected value above zero, it trades only its best"
        )
    return told


def model_of(row: pl.DataFrame) -> Any:
    """The fitted model in a row of table `models`; NotTrainable where it fell back."""
    payload = row["payload"][0]
    if payload is None:
        raise NotTrainable(f"there is no {row['role'][0]} model: {row['fallback'][0]}")
    return from_bytes(payload)


def out_of_fold_of(row: pl.DataFrame) -> FloatArray:
    """(n,) what a model of table `models` said of its rows unseen: stops, or probabilities."""
    return np.frombuffer(row["out_of_fold"][0], "<f8").astype(np.float64)


def _packed(values: FloatArray | None) -> bytes | None:
    return None if values is None else np.asarray(values, "<f8").tobytes()


def _input_names(series: Series, setup_names: tuple[str, ...]) -> tuple[str, ...]:
    features = [feature.name for feature in model_inputs(core_plan(series.timeframe))]
    return (*features, *(f"is_{name}" for name in setup_names), "side", DETECTOR_SCORE)
