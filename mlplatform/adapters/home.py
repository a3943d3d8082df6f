"""The home folder: where one team's or one laptop's platform keeps everything."""

import os
from pathlib import Path

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.lake import Lake
from mlplatform.adapters.turns import Turns
from mlplatform.domain.errors import InputError

_DAGSTER_YAML = """\
# Written by mlplatform. SQLite beside this file; a series' runs go one after the other.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 2
    tag_concurrency_limits:
      - key: mlplatform/series
        limit: 1
        value:
          applyLimitPerUniqueValue: true
"""


class Home:
    """`lake/`, `deliveries/`, `dagster/`, `mlflow/`, `optuna/`, `reports/`, `turns/`,
    `settings.json`.
    """

    def __init__(
        self, root: Path, lake_uri: str | None = None, dagster_home: str | None = None
    ) -> None:
        """`lake_uri` names another place for the lake, s3://bucket/prefix; `dagster_home` the
        folder of a server's dagster.yaml.
        """
        self.root = root
        self.lake = Lake(lake_uri or root / "lake")
        self._dagster_home = dagster_home

    @property
    def dagster(self) -> Path:
        """The folder of dagster.yaml, to name in DAGSTER_HOME; here also Dagster's own storage
        where no server has it.
        """
        return Path(self._dagster_home) if self._dagster_home else self.root / "dagster"

    @property
    def mlflow(self) -> Path:
        """MLflow's database and artifacts."""
        return self.root / "mlflow"

    @property
    def optuna(self) -> Path:
        """The journal of studies."""
        return self.root / "optuna"

    @property
    def turns(self) -> Turns:
        """Who works on which partition now."""
        return Turns(self.root / "turns")

    def report(self, series: str) -> Path:
        """The folder of a series' report."""
        return self.root / "reports" / series

    def create(self) -> None:
        """Make the folders; raises InputError where that is not allowed."""
        try:
            for folder in (self.root / "dagster", self.mlflow, self.optuna):
                folder.mkdir(parents=True, exist_ok=True)
            self.lake.shelf.create()
            if self._dagster_home is None:
                write_text(self.dagster / "dagster.yaml", _DAGSTER_YAML)
            probe = self.root / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            reason = error.strerror or "not possible"
            raise InputError(
                f"Cannot write to {self.root} ({reason.lower()}): give a writable --home."
            ) from None


def data_root() -> Path | None:
    """The folder that files of bars must lie in: MLPLATFORM_DATA_ROOT; anywhere where not set."""
    named = os.environ.get("MLPLATFORM_DATA_ROOT")
    return Path(named).expanduser().absolute() if named else None


def write_text(path: Path, text: str) -> None:
    """Write a small text file atomically."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
