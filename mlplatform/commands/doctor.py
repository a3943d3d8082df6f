"""`mlplatform doctor`: versions, home, ports and optional parts, one line each."""

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console

from mlplatform.adapters.home import Home
from mlplatform.commands.ui import port_is_free
from mlplatform.domain.errors import InputError
from mlplatform.settings import load_settings

_NEEDED = ("dagster", "dagster-webserver", "mlflow", "optuna", "polars", "pandas", "pyarrow")
_NEEDED += ("lightgbm", "xgboost", "numba", "ta-lib", "pandas_market_calendars", "plotly")
_NEEDED += ("tensorflow",)
_OPTIONAL = {"dagster-ray": "more than one machine"}


def doctor(home_root: Path, ports: tuple[int, ...], console: Console) -> None:
    """Print one line a check; raises InputError at the end where one that is needed failed."""
    failed = []

    def line(name: str, ok: bool, told: str, needed: bool = True) -> None:
        mark = "[green]ok[/green]     " if ok else "[red]missing[/red]" if needed else "absent "
        console.print(f"{mark} {name:<24} {told}", soft_wrap=True)
        if needed and not ok:
            failed.append(name)

    line("python", sys.version_info >= (3, 11), sys.version.split()[0])
    for name in _NEEDED:
        found = _version(name)
        line(name, found is not None, found or "install it: make setup")
    for name, purpose in _OPTIONAL.items():
        found = _version(name)
        line(name, found is not None, f"{found or 'not installed'} ({purpose})", needed=False)
    browser = shutil.which("chromium")
    line("chromium", browser is not None, f"{browser or 'not found'} (page tests)", needed=False)
    try:
        load_settings(home_root)
        Home(home_root).create()
        line("home", True, f"{home_root} is writable")
    except InputError as error:
        line("home", False, str(error))
    for port in ports:
        free = port_is_free(port)
        line(f"port {port}", free, "free" if free else "in use", needed=False)
    if failed:
        raise InputError(f"{len(failed)} checks failed: {', '.join(failed)}.")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
