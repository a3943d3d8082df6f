"""A user's strategy file: read, tried out, kept by content; its errors told in a sentence."""

from pathlib import Path

import pytest

from mlplatform.adapters.home import Home
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.own_strategy import home_strategy, keep, kept_name, read_strategy
from mlplatform.settings import StudySettings
from mlplatform.strategies.strategy import PLATFORM

YAML = """\
about: dips of the first hours
setups:
  - ema_pullback: {min_spread_atr: 0.5}
filters:
  - minutes_since_rth_open between 15 and 180
exits: {stop_atr: 1.0, target_atr: 3.0}
"""
PYTHON = """\
import polars as pl

from mlplatform.setups.ema_pullback import ema_pullback
from mlplatform.strategies import Exits, Strategy

STRATEGY = Strategy(
    name="mine",
    setups=(ema_pullback(min_spread_atr=0.5),),
    filters=(pl.col("minutes_since_rth_open").is_between(15, 180),),
    exits=Exits(stop_atr=1.0, target_atr=3.0),
)
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str = "fade.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(("text", "name"), [(YAML, "fade.yaml"), (PYTHON, "fade.py")])
def test_yaml_and_python_say_the_same(written, text, name):
    strategy = read_strategy(written(text, name))
    assert strategy.setup_names == ("ema_pullback",)
    assert strategy.setups[0].params == {"min_spread_atr": 0.5}
    assert strategy.exits.told() == {"stop_atr": 1.0, "target_atr": 3.0}
    assert strategy.tradable[0].needs > {"minutes_since_rth_open", "ema20"}


@pytest.mark.parametrize(("text", "name"), [(YAML, "fade.yaml"), (PYTHON, "fade.py")])
def test_a_home_keeps_a_file_by_its_content(written, tmp_path, text, name):
    path, home = written(text, name), Home(tmp_path / "home")
    kept = kept_name(path)
    keep(home, path)
    path.write_text(text + "\n# another\n")
    assert kept_name(path) != kept
    found = home_strategy(home, kept)
    assert found.setup_names == ("ema_pullback",)
    assert found.name in ("fade", "mine")
    place = home.root / "strategies" / kept
    place.write_text(text.replace("0.5", "0.6"))
    with pytest.raises(InputError, match="was altered: give it again"):
        home_strategy(home, kept)
    place.unlink()
    with pytest.raises(InputError, match=r"keeps no strategy fade-.*: give it again"):
        home_strategy(home, kept)


def test_without_a_name_it_is_the_platforms_own(tmp_path):
    assert home_strategy(Home(tmp_path), "") is PLATFORM


@pytest.mark.parametrize("name", ["../fade.yaml", "/etc/passwd", "x"])
def test_a_home_reads_no_strategy_from_elsewhere(tmp_path, name):
    with pytest.raises(InputError, match="keeps no strategy"):
        home_strategy(Home(tmp_path), name)


def code_versions(root: Path, **settings: object) -> dict[str, str]:
    platform = build_platform(root, StudySettings(**settings))
    return dict(platform.stamp.lineage.codes)


def test_another_strategy_makes_stale_what_depends_on_it_and_nothing_before(written, tmp_path):
    root, versions = tmp_path / "home", []
    for text in (YAML, YAML.replace("0.5", "0.6")):
        path = written(text)
        keep(Home(root), path)
        versions.append(code_versions(root, strategy=kept_name(path)))
    versions.append(code_versions(root))
    changed = {name for name in versions[0] if versions[0][name] != versions[1][name]}
    assert changed == {name for name in versions[0] if versions[0][name] != versions[2][name]}
    assert {"candidates", "stop_model", "entry_model", "size_model", "policy"} <= changed
    assert {"decisions", "feature_report", "walk_forward_report"} <= changed
    assert not changed & {"raw_bars", "contract_bars", "rolls", "bars", "features"}


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("setups: [ema]", "s.yaml", "s.yaml: there is no setup ema: there are ema_pullback"),
        ("setups: [", "s.yaml", "s.yaml, line 1: no YAML"),
        ("- 1\n- 2", "s.yaml", "s.yaml: it holds no keys: give name"),
        ("", "s.yaml", "s.yaml: it holds no keys"),
        ("!!python/object/apply:os.system [ls]", "s.yaml", "s.yaml, line 1: no YAML"),
        ("\x00", "s.yaml", "characters that YAML forbids"),
        ("x", "s.txt", "s.txt is no strategy: its name must end with .yaml, .yml or .py"),
        ("x = 1", "s.py", "s.py has no STRATEGY: define STRATEGY (a Strategy) in it"),
        ("STRATEGY = 3", "s.py", "s.py has a int as STRATEGY"),
        ("def f(:", "s.py", "s.py, line 1: importing it raised SyntaxError"),
        ("1 / 0", "s.py", "s.py, line 1: importing it raised ZeroDivisionError"),
        (
            PYTHON.replace('pl.col("minutes_since_rth_open").is_between(15, 180)', '"rsi > 1"'),
            "s.py",
            "rsi, which is no feature: the nearest are",
        ),
        (
            PYTHON.replace(".is_between(15, 180)", ""),
            "s.py",
            "s.py: finding its candidates raised",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(written, text, name, told):
    path = written(text, name)
    with pytest.raises(InputError) as error:
        read_strategy(path)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InputError, match=r"No file .*gone.yaml: give a strategy"):
        read_strategy(tmp_path / "gone.yaml")


def test_a_python_strategy_stands_alone(written):
    written("X = 1", "beside_strategy.py")
    path = written("import beside_strategy", "s.py")
    with pytest.raises(InputError, match="importing it raised ModuleNotFoundError"):
        read_strategy(path)
