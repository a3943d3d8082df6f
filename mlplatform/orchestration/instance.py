"""Opening Dagster's instance of a home."""

import dagster as dg

from mlplatform.adapters.home import Home
from mlplatform.adapters.patience import be_brief_of_postgres


def open_instance(home: Home) -> dg.DagsterInstance:
    """The instance whose runs and assets the UI shows; close it, or use it in a `with`."""
    be_brief_of_postgres()
    return dg.DagsterInstance.from_config(str(home.dagster))


def instance_to_plan(home: Home) -> dg.DagsterInstance:
    """The home's instance, or an empty one where there is none yet: a plan writes nothing."""
    if (home.dagster / "dagster.yaml").is_file():
        return open_instance(home)
    return dg.DagsterInstance.ephemeral()


def passing_instance() -> dg.DagsterInstance:
    """An instance that keeps nothing behind it, for a run whose result is all that counts."""
    return dg.DagsterInstance.ephemeral()
