"""The desk of the detector: teaches, judges, tracks and registers the one of a period."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import polars as pl

from mlplatform.adapters.tracking.answers import WINDOW_NAMES
from mlplatform.adapters.tracking.port import ModelNote
from mlplatform.models.errors import NotTrainable
from mlplatform.models.neural.detector import Detector, DetectorConfig
from mlplatform.models.neural.judgement import JudgementConfig, Verdict, judge_detector
from mlplatform.models.seeds import derive_seed
from mlplatform.orchestration.code import code_version
from mlplatform.orchestration.desks.model_rows import Fitted, model_row
from mlplatform.orchestration.desks.windows import WindowDesk
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.settings import StudySettings
from mlplatform.studies.detection import Lesson, detector_lesson

ROLE = "detector"
_EXAMPLE_ROWS = 3
_MIN_CLASS_ROWS = 10
"""Of winners and of losers, to train, to stop the training and to judge: months hold a few dozen
candidates of these setups."""
MODULES = ("orchestration.desks.detection", "studies.detection", "models.neural.judgement")


def detector_row(
    desk: WindowDesk, partition: Partition, past: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
) -> pl.DataFrame:
    """One row of table `detectors`: the detector that scores that partition's candidates.

    `past` are bars, candidates and labels of earlier periods, as far as there are any.
    """
    settings, lesson = desk.settings, None
    scored_from = desk.tested_from(partition.period)
    try:
        require_detector(settings)
        if past[1].is_empty():
            raise NotTrainable("there is no earlier period to learn from")
        lesson = detector_lesson(past, settings.detector_setups, scored_from, desk.embargo)
        seed = derive_seed(settings.seed, ROLE, partition.series, partition.period)
        detector, verdict = judge_detector(lesson.rows, _judgement(desk), seed)
    except NotTrainable as error:
        nothing = Fitted.nothing(ROLE, error.reason)
        return model_row(ROLE, partition.period, nothing, lesson, scored_from)
    note = detector_note(partition, detector, verdict, lesson, settings)
    desk.tracker.register(note)
    told = json.dumps(asdict(verdict) | {"has_skill": verdict.has_skill}, sort_keys=True)
    if verdict.has_skill:
        fitted = Fitted(detector.fingerprint, told, note.payload)
    else:
        fitted = Fitted(detector.fingerprint, told, fallback=verdict.sentence())
    return model_row(ROLE, partition.period, fitted, lesson, scored_from)


def detector_of(row: pl.DataFrame) -> Detector | None:
    """The detector in a row of table `detectors`; None where none has shown skill."""
    payload = row["payload"][0]
    return None if payload is None else Detector.from_text(payload.decode())


def require_detector(settings: StudySettings) -> None:
    """Raise NotTrainable where the settings want no network."""
    if settings.detector == "off":
        raise NotTrainable("the setting `detector` is off")
    if "keras" not in settings.families:
        raise NotTrainable("the setting `families` leaves networks out")


def detector_note(
    partition: Partition,
    detector: Detector,
    verdict: Verdict,
    lesson: Lesson,
    settings: StudySettings,
) -> ModelNote:
    """What is tracked and registered of a detector, with or without skill."""
    windows = lesson.rows.windows
    figures: Mapping[str, Any] = {
        name: float(value)
        for name, value in asdict(verdict).items()
        if isinstance(value, int | float)
    }
    return ModelNote(
        series=partition.series,
        role=ROLE,
        period=partition.period,
        fingerprint=detector.fingerprint,
        payload=detector.to_text().encode(),
        params={
            "variant": detector.variant,
            "setups": ", ".join(detector.setups),
            "train_from": lesson.train_from.isoformat(),
            "train_to": lesson.train_to.isoformat(),
            "train_rows": len(lesson),
            "purged_rows": lesson.purged_rows,
            "embargo_minutes": settings.embargo_minutes,
            "epochs": detector.rounds,
            "seed": settings.seed,
            "code_version": code_version(MODULES, {}),
        },
        metrics=figures,
        tags={"skill": "yes" if verdict.has_skill else "no", "variant": detector.variant},
        input_names=WINDOW_NAMES,
        example=windows[:_EXAMPLE_ROWS].reshape(len(windows[:_EXAMPLE_ROWS]), -1),
        curves={detector.variant: detector.validation_losses},
    )


def _judgement(desk: WindowDesk) -> JudgementConfig:
    settings = desk.settings
    return JudgementConfig(
        embargo_us=desk.embargo_us,
        min_class_rows=_MIN_CLASS_ROWS,
        detector=DetectorConfig(settings.detector, settings.detector_setups),
    )
