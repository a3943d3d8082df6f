"""The three roles of one window, fitted one after the other on the same training set.

Each later role sees the earlier ones only through predictions for rows that those had not seen, but
for one number, the constant stop of the older rows.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from mlplatform.models.boosting import FAMILIES
from mlplatform.models.entry import (
    ClassWeight,
    EntryConfig,
    EntryFit,
    EntryModel,
    EntryRows,
    fit_entry,
)
from mlplatform.models.families import families_for
from mlplatform.models.heat import Method
from mlplatform.models.size import SizeConfig, SizeModel, SizeRows, fit_size
from mlplatform.models.stop import StopModel, fit_stop, taught_stops
from mlplatform.models.stop_judgement import StopConfig
from mlplatform.models.stop_rows import StopRows
from mlplatform.models.stop_shape import ShapeConfig
from mlplatform.models.tuning import Tuner
from mlplatform.studies.training import FloatArray, TrainingSet, at_stops


@dataclass(frozen=True)
class FitSettings:
    """What the three fits share; money in USD."""

    embargo_us: int
    max_contracts: int
    multiplier_usd: float
    capital_usd: float
    stop_shape: ShapeConfig = field(default_factory=ShapeConfig)
    size_method: Method = "kelly"
    bars_per_day: float = 276.0
    families: tuple[str, ...] = tuple(FAMILIES)
    threads: int = 1
    """Families fitted side by side; changes no byte."""
    class_weight: ClassWeight = "none"


def stop_of(train: TrainingSet, settings: FitSettings, tuner: Tuner) -> StopModel:
    """The stop model of a window; raises NotTrainable."""
    return fit_stop(_stop_rows(train), _stop_config(settings), tuner)


def stops_to_learn_under(
    train: TrainingSet, stop: StopModel, settings: FitSettings, tuner: Tuner
) -> FloatArray:
    """(n,) stops in ATR under which the later roles are fitted; see `models.stop.taught_stops`.
    `tuner` is the stop's.
    """
    return taught_stops(_stop_rows(train), stop.plan, _stop_config(settings), tuner)


def entry_of(
    train: TrainingSet, stops: FloatArray, settings: FitSettings, tuner: Tuner
) -> EntryFit:
    """The entry model of a window, on labels under taught stops (n,), and what size is fitted on;
    raises NotTrainable.
    """
    return fit_entry(entry_rows(train, stops), _entry_config(settings), tuner)


def size_of(
    train: TrainingSet,
    stops: FloatArray,
    probability: FloatArray,
    entry: EntryModel,
    settings: FitSettings,
    tuner: Tuner,
) -> SizeModel:
    """The size model of a window, on the trades that the entry model takes on its calibration
    slice (`EntryFit.slice_probability`, (n,)), under the same taught stops (n,).
    """
    rows = entry_rows(train, stops)
    # No probability is above any threshold where it is NaN.
    taken = np.flatnonzero(entry.take(probability))
    sized = SizeRows(
        rows.decision_ts[taken],
        rows.label_end_ts[taken],
        probability[taken],
        rows.is_win[taken],
        rows.net_r[taken],
        (stops * train.atr_points)[taken],
        train.atr_points[taken],
    )
    config = SizeConfig(
        settings.size_method, settings.bars_per_day, max_contracts=settings.max_contracts
    )
    return fit_size(sized, settings.multiplier_usd, settings.capital_usd, config, tuner)


def entry_rows(train: TrainingSet, stops: FloatArray) -> EntryRows:
    """The training set under chosen stops (n,); ValueError where they are not of these rows."""
    if len(stops) != len(train):
        raise ValueError(f"{len(stops)} stops are not of {len(train)} candidates: fit stops again")
    return EntryRows(
        train.x,
        train.names,
        train.decision_ts,
        at_stops(train.label_end_ts, train.stop_grid_atr, stops),
        at_stops(train.is_win, train.stop_grid_atr, stops),
        at_stops(train.r, train.stop_grid_atr, stops),
    )


def _entry_config(settings: FitSettings) -> EntryConfig:
    config = EntryConfig(embargo_us=settings.embargo_us, families=settings.families)
    return replace(
        config,
        budget=replace(config.budget, threads=settings.threads),
        class_weight=settings.class_weight,
    )


def _stop_config(settings: FitSettings) -> StopConfig:
    able = families_for("regression", settings.families)
    config = StopConfig(embargo_us=settings.embargo_us, families=able, shape=settings.stop_shape)
    return replace(config, budget=replace(config.budget, threads=settings.threads))


def _stop_rows(train: TrainingSet) -> StopRows:
    return StopRows(
        train.x,
        train.names,
        train.decision_ts,
        train.label_end_ts,
        train.r,
        train.stop_grid_atr,
        _winner_mae_atr(train),
    )


def _winner_mae_atr(train: TrainingSet) -> FloatArray | None:
    """(n,) adverse excursion of those that win under the widest stop, NaN for the others."""
    if train.mae_atr is None:
        return None
    return np.where(train.is_win[:, -1] > 0.0, train.mae_atr[:, -1], np.nan)
