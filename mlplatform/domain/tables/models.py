"""Tables of what was learned: models, policies, champions."""

import polars as pl

from mlplatform.domain.schema import UTC_US, Column, Table

MODELS = Table(
    "models",
    (
        Column("role", pl.String, "stop, entry, size or detector"),
        Column("period", pl.String, "the window: the period that the model is tried on"),
        Column("fingerprint", pl.String, "identity of the fitted model; of the reason where none"),
        Column("fallback", pl.String, "why no model could be had", nullable=True),
        Column("train_from", UTC_US, "first training decision"),
        Column("train_to", UTC_US, "end of the last training label"),
        Column("train_rows", pl.Int64, "candidates that it learned from"),
        Column("purged_rows", pl.Int64, "candidates left out: labels reach the tested period"),
        Column("trials_run", pl.Int64, "Optuna trials that were judged"),
        Column("metrics", pl.String, "what its inner validation said, JSON"),
        Column("payload", pl.Binary, "the model, native formats in checked JSON", nullable=True),
        Column(
            "out_of_fold",
            pl.Binary,
            "what it said of each row without having learned from it, float64 as bytes: stop in "
            "ATR, or probability (NaN before the calibration slice)",
            True,
            True,
        ),
    ),
)
DETECTORS = Table("detectors", tuple(c for c in MODELS.columns if c.name != "out_of_fold"))
"""One row a period: the detector that scores its candidates; no payload without skill."""
DETECTOR_SCORES = Table(
    "detector_scores",
    (
        Column("candidate_id", pl.String, "the candidate"),
        Column("score", pl.Float64, "probability that the setup works out; null: not scored", True),
    ),
)
POLICIES = Table(
    "policies",
    (
        Column("period", pl.String, "the window"),
        Column("fingerprint", pl.String, "identity of the policy: its models and feature plan"),
        Column("recipe", pl.String, "identity of the settings and code that made it"),
        Column("feature_plan", pl.String, "fingerprint of the feature plan"),
        Column("fallback", pl.String, "what to know of its models", nullable=True),
        Column("train_from", UTC_US, "first training decision"),
        Column("train_to", UTC_US, "end of the last training label"),
        Column("train_rows", pl.Int64, "candidates learned from"),
        Column("purged_rows", pl.Int64, "candidates left out"),
        Column("trials_run", pl.Int64, "Optuna trials of its three roles"),
        Column("payload", pl.Binary, "the models; null: it trades the baseline", nullable=True),
        Column("version", pl.String, "registry version; provenance", nullable=True),
    ),
)
CHAMPIONS = Table(
    "champions",
    (
        Column("policy", pl.String, "fingerprint of the policy that the alias points at", True),
        Column("moved", pl.Boolean, "whether this run moved the alias"),
        Column("reason", pl.String, "why it moved or stayed"),
        Column("version", pl.String, "registry version; provenance", nullable=True),
    ),
)
