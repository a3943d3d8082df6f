"""`make figures`: what the models are worth out of sample on real bars, as it is.

With --write the table goes into the README. What is measured and on which windows was fixed before
any figure was seen: months, the platform's own settings, three months to learn from on 1-minute
bars and six on 5-minute bars (a month of them has a fifth of the candidates).
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from mlplatform.adapters.tracking.port import Tracker
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.models.intervals import Interval
from mlplatform.orchestration.build import build_platform
from mlplatform.settings import load_settings
from mlplatform.studies.backtest import tested_bars
from mlplatform.studies.quality.judged import comparators_of, judged_candidates
from mlplatform.studies.quality.out_of_sample import OutOfSample, quality_out_of_sample

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DATA = ROOT.parent / "shared" / "data"
_PLACE = re.compile(r"(<!-- honest -->\n).*?(<!-- /honest -->)", re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """One study of the table."""

    name: str
    file: str
    instrument: str
    timeframe: str
    train_periods: int

    @property
    def series(self) -> str:
        """For example MES-1m."""
        return f"{self.instrument}-{self.timeframe}"


STUDIES = (
    Asked("MES 1-minute", "mes_1m.parquet", "MES", "1m", 3),
    Asked("ES 5-minute, front month", "es_5m_by_contract.parquet", "ES", "5m", 6),
)


@dataclass(frozen=True)
class Found:
    """What one study came to."""

    report: dict
    quality: OutOfSample
    windows: int
    fallbacks: int
    trials: int
    recipes: int
    """Recipes that this home ever registered for the series, this one included."""


def run(asked: Asked, data: Path, home: Path, options: list[str]) -> None:
    """The chain on one file, in a process of its own; only what is new runs."""
    command = [sys.executable, "-m", "mlplatform.cli", "run", "--data", str(data / asked.file)]
    command += ["--instrument", asked.instrument, "--timeframe", asked.timeframe]
    command += ["--train-periods", str(asked.train_periods), "--cadence", "month"]
    subprocess.run([*command, "--home", str(home), *options], check=True, stdout=sys.stderr)


def found_in(home: Path, series: str, tracker: Tracker | None = None) -> Found:
    """The figures of a home's study, from its lake, its report and its registry."""
    settings = load_settings(home)
    platform = build_platform(home, settings, {"tracker": tracker} if tracker else None)
    bars, decisions, policies = (
        pl.concat(platform.home.lake.read(asset, series, [period]) for period in periods)
        for asset in ("bars", "decisions", "policy")
        if (periods := platform.home.lake.periods(asset, series))
    )
    tested = tested_bars(PeriodAxis(settings.cadence, settings.first_period), bars, decisions)
    judged = judged_candidates(Series.parse(series), tested, decisions, comparators_of(policies))
    return Found(
        report=json.loads((platform.home.report(series) / "report.json").read_text()),
        quality=quality_out_of_sample(judged, settings.seed),
        windows=policies.height,
        fallbacks=policies["payload"].null_count(),
        trials=int(policies["trials_run"].sum()),
        recipes=len(platform.tracker.recipes(series)),
    )


def _number(value: float | None, form: str = ".4f") -> str:
    return "none" if value is None else f"{value:{form}}"


def _spread(interval: Interval | None, form: str) -> str:
    return "no interval" if interval is None else f"{interval.low:{form}} to {interval.high:{form}}"


def _windows(found: Found) -> str:
    held = [window["period"] for window in found.report["windows"]]
    learned = found.report["settings"]["train_periods"]
    told = f"{found.windows}, {held[0]} to {held[-1]}, each after {learned} months"
    return told + (f"; {found.fallbacks} fell back to the baseline" if found.fallbacks else "")


def _candidates(found: Found) -> str:
    whole = found.quality.overall
    return f"{whole.candidates:,}; {whole.completed:,} entered and closed"


def _auc(found: Found) -> str:
    whole = found.quality.overall
    each = [window.auc for window in found.quality.windows if window.auc is not None]
    lowest = f"; windows {min(each):.3f} to {max(each):.3f}" if each else ""
    return f"{_number(whole.auc, '.3f')} ({_spread(whole.auc_interval, '.3f')}){lowest}"


def _brier(found: Found) -> str:
    whole = found.quality.overall
    gain = f"{_number(whole.brier_gain, '+.4f')} ({_spread(whole.brier_gain_interval, '+.4f')})"
    return f"{_number(whole.brier)} against {_number(whole.brier_base_rate)}: {gain}"


def _stop(found: Found) -> str:
    whole = found.quality.overall
    gain = f"{_number(whole.stop_gain_r, '+.4f')} ({_spread(whole.stop_gain_interval, '+.4f')})"
    own, plain = _number(whole.stop_net_r, "+.4f"), _number(whole.constant_net_r, "+.4f")
    return f"{own} against {plain}: {gain}"


def _policies(metric: str, form: str) -> Callable[[Found], str]:
    def told(found: Found) -> str:
        return " / ".join(_number(found.report[name][metric], form) for name in ("baseline", "ml"))

    return told


def _difference(found: Found) -> str:
    told = found.report["certainty"]["intervals"]["difference"]["mean_day_usd"]
    if told is None:
        return "no interval"
    return f"{told['value']:+,.2f} ({told['low']:+,.2f} to {told['high']:+,.2f})"


def _verdict(found: Found) -> str:
    """The one that counts the earlier studies: it is never kinder."""
    return str(found.report["provenance"]["with_earlier_studies"]["verdict"]["sentence"])


ROWS: dict[str, Callable[[Found], str]] = {
    "windows": _windows,
    "candidates judged": _candidates,
    "AUC of the probability, all judged candidates": _auc,
    "Brier score against the base rate's": _brier,
    "net R of a candidate taken, predicted stop against best constant": _stop,
    "trades, baseline / ML": _policies("trades", ",d"),
    "R a trade net of costs, baseline / ML": _policies("expectancy_r", "+.3f"),
    "net USD, baseline / ML": _policies("net_usd", "+,.0f"),
    "worst drawdown, baseline / ML": _policies("max_drawdown_frac", ".1%"),
    "ML less baseline, USD a day (98 %)": _difference,
    "the report's verdict": _verdict,
    "Optuna trials": lambda found: f"{found.trials:,}",
    "recipes that this series was looked at with": lambda found: str(found.recipes),
}


def table(studies: list[tuple[str, Found]], elsewhere: int = 0) -> str:
    """One column a study, under a line about when."""
    heads = ["out of sample, costs included", *(name for name, _ in studies)]
    lines = [heads, ["---"] * len(heads)]
    lines += [[what, *(told(found) for _, found in studies)] for what, told in ROWS.items()]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    more = (
        f" Before this home the series were looked at with at least {elsewhere} other recipes."
        if elsewhere
        else ""
    )
    note = "In brackets: central 90 % over resampled days; a gain above nought is the model's."
    return f"{datetime.now(UTC):%Y-%m-%d}. {note}{more}\n\n{body}\n"


def write(text: str, readme: Path) -> None:
    """Put the table between its markers."""
    before = readme.read_text()
    after, places = _PLACE.subn(lambda m: m[1] + text + m[2], before)
    if places != 1:
        sys.exit(f"{readme} has {places} places between <!-- honest --> and <!-- /honest -->")
    readme.write_text(after)


def main() -> None:
    """Run both studies where their bars are, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the bars")
    parser.add_argument("--home", type=Path, default=Path(".mlplatform-figures"))
    parser.add_argument("--write", action="store_true", help="into the README")
    parser.add_argument("--looks-elsewhere", type=int, default=0, help="recipes tried before")
    parser.add_argument("options", nargs="*", help="more options of `mlplatform run`, after --")
    given = parser.parse_args()
    known = [asked for asked in STUDIES if (given.data / asked.file).is_file()]
    if not known:
        sys.exit(f"{given.data} holds none of {', '.join(asked.file for asked in STUDIES)}")
    studies = []
    for asked in known:
        home = (given.home / asked.series).absolute()
        run(asked, given.data, home, given.options)
        studies.append((asked.name, found_in(home, asked.series)))
    text = table(studies, given.looks_elsewhere)
    sys.stdout.write(text)
    if given.write:
        write(text, README)


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "100")
    main()
