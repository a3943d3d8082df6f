"""The three roles of one window, fitted one after the other on the same training set.

Each later role sees the earlier ones only through predictions that were made out of fold.
"""

from dataclasses import dataclass, replace

import numpy as np

from mlplatform.models.entry import EntryConfig, EntryModel, EntryRows, fit_entry
from mlplatform.models.size import SizeConfig, SizeModel, SizeRows, fit_size
from mlplatform.models.stop import StopConfig, StopModel, StopRows, cross_fitted_stops, fit_stop
from mlplatform.models.tuning import Tuner
from mlplatform.studies.training import FloatArray, TrainingSet, at_stops


@dataclass(frozen=True)
class FitSettings:
    """What the three fits share; money in USD."""

    embargo_us: int
    max_contracts: int
    multiplier_usd: float
    capital_usd: float


def stop_of(train: TrainingSet, settings: FitSettings, tuner: Tuner) -> StopModel:
    """The stop model of a window; raises NotTrainable."""
    return fit_stop(_stop_rows(train), StopConfig(embargo_us=settings.embargo_us), tuner)


def entry_of(
    train: TrainingSet, stop: StopModel, settings: FitSettings, tuner: Tuner
) -> EntryModel:
    """The entry model of a window, on labels under out-of-fold stops; raises NotTrainable."""
    rows = entry_rows(train, out_of_fold_stops(train, stop, settings, tuner))
    return fit_entry(rows, EntryConfig(embargo_us=settings.embargo_us), tuner)


def size_of(
    train: TrainingSet,
    stop: StopModel,
    entry: EntryModel,
    settings: FitSettings,
    tuners: tuple[Tuner, Tuner],
) -> SizeModel:
    """The size model of a window, on the trades that the entry model takes on its calibration
    slice. `tuners` are the entry's (for the same out-of-fold stops) and its own.
    """
    stops = out_of_fold_stops(train, stop, settings, tuners[0])
    rows = entry_rows(train, stops)
    probability = entry.predict(train.x)
    held = train.decision_ts >= entry.metrics.slice_from_us
    taken = np.flatnonzero(held & entry.take(probability) & ~np.isnan(rows.net_r))
    sized = SizeRows(
        rows.decision_ts[taken],
        rows.label_end_ts[taken],
        probability[taken],
        rows.is_win[taken],
        rows.net_r[taken],
        (stops * train.atr_points)[taken],
    )
    config = replace(SizeConfig(), max_contracts=settings.max_contracts)
    return fit_size(sized, settings.multiplier_usd, settings.capital_usd, config, tuners[1])


def out_of_fold_stops(
    train: TrainingSet, stop: StopModel, settings: FitSettings, tuner: Tuner
) -> FloatArray:
    """(n,) stops in ATR, each chosen by a model of the candidate's past only."""
    config = StopConfig(embargo_us=settings.embargo_us)
    return cross_fitted_stops(_stop_rows(train), stop.plan, config, tuner)


def entry_rows(train: TrainingSet, stops: FloatArray) -> EntryRows:
    """The training set under chosen stops."""
    return EntryRows(
        train.x,
        train.names,
        train.decision_ts,
        at_stops(train.label_end_ts, train.stop_grid_atr, stops),
        at_stops(train.is_win, train.stop_grid_atr, stops),
        at_stops(train.r, train.stop_grid_atr, stops),
    )


def _stop_rows(train: TrainingSet) -> StopRows:
    return StopRows(
        train.x,
        train.names,
        train.decision_ts,
        train.label_end_ts,
        train.net_atr,
        train.stop_grid_atr,
    )
