"""Settings: from the command line, the environment (MLPLATFORM_*), the home's file, or defaults."""

import json
import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import Cadence

SETTINGS_FILE = "settings.json"
Role = Literal["stop", "entry", "size"]
DEFAULT_HOME = Path(".mlplatform")
_DATABASES = ("postgresql", "mysql", "sqlite")
_SCHEMES = {"mlflow_uri": ("http", "https", *_DATABASES), "optuna_url": _DATABASES}


class StudySettings(BaseSettings):
    """What decides a study's numbers; kept in the home, so that every way in finds the same."""

    model_config = SettingsConfigDict(env_prefix="MLPLATFORM_", extra="ignore", frozen=True)

    cadence: Cadence = Cadence.MONTH
    """The length of a period, month or week; a home keeps the one that it began with."""
    first_period: str = "2025-01"
    """The first partition key of the home; set by the first data that it takes in."""
    from_period: str | None = None
    """The first period that is used; all where None."""
    to_period: str | None = None
    """The last period that is used."""
    train_periods: int = Field(3, ge=1)
    """Periods that a window learns from."""
    trials: int = Field(10, ge=1)
    """Optuna trials per role and window."""
    tuning_seconds: float | None = Field(None, gt=0)
    """Seconds that these trials may start in; what is found within them is not reproducible."""
    tuning_workers: int = Field(1, ge=1)
    """Processes that share the trials of a study; with more than one bytes are not reproducible."""
    known_good: dict[Role, dict[str, dict[str, float | int | str]]] = {}
    """Where tuning starts: parameters of the first trial, by role and by family (or "size")."""
    class_weight: Literal["none", "balanced"] = "none"
    """balanced: winners and losers weigh the same in the entry's fit, before it is calibrated."""
    seed: int = Field(7, ge=0)
    """Of every random draw."""
    capital_usd: float = Field(50_000.0, gt=0)
    """What the account of the backtest starts with."""
    max_quarantined_frac: float = Field(0.01, ge=0, le=1)
    """Past this share of refused rows the chain stops."""
    accept_price_jumps: bool = False
    """Go on although prices jump where no market could; the report says so."""
    roll_rule: Literal["volume", "calendar"] = "volume"
    """What makes the next contract the front month."""
    gate_min_trades: int = Field(30, ge=1)
    """Out-of-sample trades below which no recipe becomes champion."""
    families: tuple[Literal["lightgbm", "xgboost", "keras", "linear"], ...] = Field(
        ("lightgbm", "xgboost", "keras", "linear"), min_length=1
    )
    """What stands in the stop's and the entry's stack; linear in the entry's only. Without keras no
    network is trained at all, no detector either, and TensorFlow is never imported."""
    detector: Literal["off", "classic", "wide", "predictive"] = "classic"
    """The setup detector's variant."""
    detector_setups: tuple[str, ...] = Field(("mean_reversion", "rejection_bar"), min_length=1)
    """The setups whose candidates it learns from and scores."""
    detector_periods: int = Field(12, ge=1)
    """The earlier periods that it learns from, as far as there are so many."""
    max_contracts: int = Field(5, ge=1)
    """What the size model may hold in one trade at most."""
    stop_smooth_weight: float = Field(0.3, ge=0, lt=1)
    """Share of the stop before that is tried, and used where a holdout gains by it; 0: never."""
    stop_min_ticks: float | None = Field(None, gt=0)
    """The model policy's stop is never nearer; None: no bound."""
    stop_max_ticks: float | None = Field(None, gt=0)
    """The model policy's stop is never farther; None: no bound."""
    size_method: Literal["kelly", "fixed", "fixed_fractional", "volatility"] = "kelly"
    """How many contracts the model policy wants, before caps."""
    max_heat_frac: float = Field(0.06, ge=0, le=1)
    """All that open trades of the model policy may lose at their stops, of equity; 0: no limit."""
    drawdown_starts_frac: float = Field(0.04, ge=0, le=1)
    """From this fall below the account's peak on its contracts shrink evenly."""
    drawdown_ends_frac: float = Field(0.10, ge=0, le=1)
    """The fall at which they are down to one; 0: they do not shrink."""
    max_drawdown_frac: float = Field(0.0, ge=0, le=1)
    """From this fall on it enters nothing any more; 0: it goes on."""
    embargo_minutes: int = Field(60, ge=0)
    """Between the end of a training label and the first tested decision."""
    strategy: str = ""
    """The file under the home's `strategies/` that is traded, named by content; the platform's own
    setups where empty."""
    model_threads: int = Field(2, ge=1)
    """Families fitted side by side; changes no byte. 1 where several windows run at a time."""
    executor: Literal["in_process", "multiprocess", "ray", "kubernetes"] = "in_process"
    """Who carries out the steps of a run; changes no byte. Past `in_process`, `run` trains several
    windows at a time."""
    windows_at_once: int = Field(2, ge=1)
    """Windows that `run` trains at a time, and steps at a time in one run of other processes."""
    step_cores: int = Field(1, ge=1)
    """Cores that a step asks of Ray or Kubernetes, and its libraries' threads at most."""
    model_plots: bool = True
    """Whether runs in MLflow carry plots of their models: half a second a window."""
    ingest_cron: str = "15 16 * * 1-5"
    """When schedule `ingest` looks, Chicago time: after the close."""
    train_cron: str = "0 17 * * 1-5"
    """When `train` looks whether a window is due: weekly or monthly, as the cadence is."""
    decide_cron: str = "30 17 * * 1-5"
    """When `decide` looks."""
    report_cron: str = "0 18 * * 1-5"
    """When `report` looks."""
    drift_limit_frac: float = Field(0.25, gt=0, lt=1)
    """Share of drifted model inputs past which people are told and due windows are trained."""
    prune_cron: str = "0 6 * * 6"
    """When `prune` removes what is old, by the five settings below."""
    keep_runs_days: int = Field(90, ge=1)
    """How long runs of Dagster stay that nothing refers to any more, with events and logs."""
    keep_files_days: int = Field(30, ge=1)
    """How long files of the lake stay that no source or asset stands behind any more."""
    keep_studies_days: int = Field(30, ge=1)
    """How long Optuna's studies stay after their last trial."""
    keep_versions: int = Field(12, ge=1)
    """The newest versions of each registered model that stay, whether referred to or not."""
    keep_reports: int = Field(24, ge=1)
    """The newest reports of a series that stay in MLflow."""
    log_format: Literal["text", "json"] = "text"
    """json: runs log lines of JSON on standard error, each with run, asset and partition."""
    lake_uri: str | None = None
    """Where the lake lies: s3://bucket/prefix; the home's own folder where None."""
    dagster_home: str | None = None
    """The folder of a server's dagster.yaml; the home's own where None."""
    mlflow_uri: str | None = None
    """A tracking server; the home's own database where None."""
    optuna_url: str | None = None
    """An RDB for studies; a journal file in the home where None."""

    @field_validator("lake_uri", "mlflow_uri", "optuna_url")
    @classmethod
    def _holds_no_password(cls, address: str | None) -> str | None:
        """Settings are kept in a file and shown: what is secret stays in the environment."""
        if address is not None and urlsplit(address).password is not None:
            raise ValueError(
                "the address holds a password: leave it out, and set PGPASSWORD, PGPASSFILE or "
                "MLFLOW_TRACKING_PASSWORD"
            )
        return address

    @field_validator("mlflow_uri", "optuna_url")
    @classmethod
    def _is_known(cls, address: str | None, about: ValidationInfo) -> str | None:
        """Told here: the libraries that open them would tell it in words of their own."""
        known = _SCHEMES[str(about.field_name)]
        if address is not None and urlsplit(address).scheme.split("+")[0] not in known:
            *most, last = (f"{scheme}://" for scheme in known)
            raise ValueError(f"{address!r} does not begin with {', '.join(most)} or {last}")
        return address


def home_path(home: Path | None = None) -> Path:
    """The home: the argument, MLPLATFORM_HOME, or .mlplatform here."""
    return Path(home or os.environ.get("MLPLATFORM_HOME") or DEFAULT_HOME).expanduser().absolute()


def load_settings(home: Path, **given: Any) -> StudySettings:
    """The settings of a home: arguments, then the environment, then the home's file, then defaults.

    Raises InputError that names the field.
    """
    path = home / SETTINGS_FILE
    try:
        stored = json.loads(path.read_text()) if path.is_file() else {}
        top = StudySettings(**{key: value for key, value in given.items() if value is not None})
        return StudySettings(**{**stored, **top.model_dump(include=top.model_fields_set)})
    except ValidationError as error:
        first = error.errors()[0]
        name = "-".join(str(part) for part in first["loc"])
        told = first["msg"].removeprefix("Value error, ")
        told = f"{told[0].lower()}{told[1:]}"
        raise InputError(f"Setting {name.replace('_', '-')}: {told}.") from None
    except json.JSONDecodeError:
        raise InputError(f"{path} is no JSON: repair or delete it.") from None
