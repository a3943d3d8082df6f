"""The plots of a registered model, each from what its note holds."""

from dataclasses import replace

import numpy as np

from mlplatform.adapters.tracking import drawing
from mlplatform.adapters.tracking.answers import Opened
from mlplatform.adapters.tracking.port import ModelNote
from mlplatform.models.contributions import Contributions, entry_contributions, stop_contributions
from mlplatform.models.entry import EntryModel
from mlplatform.models.stop import StopModel

_CURVE = np.linspace(0.0, 1.0, 101)


def figures_of(note: ModelNote, model: Opened) -> dict[str, bytes]:
    """PNGs by name, those that there is data for: `importance`, `contributions`, `calibration`,
    `learning_curves`, `search_history`.
    """
    found: dict[str, bytes] = {}
    if note.sample is not None and len(note.sample):
        explained, unit = _contributions(model, note)
        if explained is not None:
            names, values = note.input_names, explained.values
            found["importance"] = drawing.importance(names, values, unit)
            found["contributions"] = drawing.beeswarm(names, values, note.sample, unit)
    if isinstance(model, EntryModel):
        found["calibration"] = _calibration(model)
    if note.curves:
        found["learning_curves"] = drawing.learning_curves(note.curves)
    if any(trial.value is not None for trial in note.trials):
        found["search_history"] = drawing.search_history(_by_part(note))
    return found


def _contributions(model: Opened, note: ModelNote) -> tuple[Contributions | None, str]:
    """Of an entry to the log odds; of a stop to its advantage as if it were wholly trusted."""
    assert note.sample is not None
    if isinstance(model, EntryModel):
        return entry_contributions(model, note.sample), "log odds of a win"
    if isinstance(model, StopModel):
        trusted = replace(model, metrics=replace(model.metrics, weight=1.0))
        return stop_contributions(trusted, note.sample).advantage, "ATR over the constant stop"
    return None, ""


def _calibration(model: EntryModel) -> bytes:
    """The calibrator's curve, and the reliability of what it said on rows it had not seen."""
    bins = model.metrics.scores.reliability
    said = np.array([item.mean_probability for item in bins])
    won = np.array([item.win_frac for item in bins])
    return drawing.calibration(_CURVE, model.calibrator.apply(_CURVE), said, won)


def _by_part(note: ModelNote) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = {}
    for trial in note.trials:
        found.setdefault(trial.part or note.role, []).append(trial.value)
    return found
