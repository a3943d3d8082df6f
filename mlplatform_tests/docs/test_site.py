"""The documentation site: complete, strict, and asking nobody."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from mlplatform.commands.exposition import exposition
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.standing import Standing
from mlplatform.settings import StudySettings
from mlplatform_tests.docs.pages import PAGES, ROOT

GRAPH = json.loads((ROOT / "mlplatform_tests/orchestration/asset_graph.json").read_text())
RUNBOOK = PAGES["docs/operations.md"]


def module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="the extra `docs` is not installed here")
    place = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(place)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    return place


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) >= len(PAGES) - 1
    for page in pages:
        loaded = re.findall(
            r'<(?:script|link|img|iframe)[^>]+(?:src|href)="([^"]+)', page.read_text()
        )
        outside = [target for target in loaded if re.match(r"(?:https?:)?//", target)]
        assert not outside, f"{page.name}: {outside}"
    for style in site.rglob("*.css"):
        assert "@import" not in style.read_text(), style
        assert not re.search(r"url\(['\"]?(?:https?:)?//", style.read_text()), style


def test_no_place_of_a_page_is_left_unfilled(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert "generated:" not in page.read_text(), page


def test_the_picture_holds_every_asset_and_each_in_a_place_of_its_own() -> None:
    data_flow = module("docs/_build/data_flow.py")
    svg = data_flow.figure()
    assert re.findall(r'class="name"[^>]*>(\w+)<', svg) == list(GRAPH["assets"])
    boxes = re.findall(r'class="asset \w+" x="(\d+)" y="(\d+)"', svg)
    assert len(set(boxes)) == len(GRAPH["assets"])
    groups = {name: card["group"] for name, card in GRAPH["assets"].items()}
    cells = data_flow._cells({**groups, "newcomer": "study"})
    mates = [cells[name] for name in groups if groups[name] == "study"]
    assert cells["newcomer"] not in mates


def test_arrows_leave_out_what_a_longer_way_says() -> None:
    edges = module("docs/_build/data_flow.py").edges
    parents = {"a": {}, "b": {"a": ""}, "c": {"a": "", "b": ""}}
    assert edges({name: {"parents": held} for name, held in parents.items()}) == [
        ("a", "b"),
        ("b", "c"),
    ]


def test_every_setting_command_and_option_is_described() -> None:
    generated = module("docs/_build/generated.py")
    rows = generated.settings().splitlines()[2:]
    assert len(rows) == len(StudySettings.model_fields)
    undescribed = [row for row in rows + generated.commands().splitlines() if row.endswith("|  |")]
    assert undescribed == []


def test_the_runbook_says_what_to_do_at_every_check_schedule_and_sensor(tmp_path: Path) -> None:
    stopping, _, warning = RUNBOOK.partition("## Checks that warn")
    for check, blocks in GRAPH["blocking checks"].items():
        name = check.partition(":")[2]
        assert f"| `{name}` |" in (stopping if blocks else warning), name
    for name in GRAPH["schedules"]:
        assert f"| `{name}` |" in RUNBOOK, name
    definitions = build_platform(tmp_path, StudySettings()).definitions
    for sensor in definitions.sensors or ():
        assert f"| `{sensor.name}` |" in RUNBOOK, sensor.name


def test_the_runbook_tells_every_figure_that_prometheus_gets() -> None:
    told = exposition(Standing(datetime(2025, 6, 2, tzinfo=UTC), (), (), 0))
    for name in re.findall(r"^# HELP (\w+)", told, re.MULTILINE):
        assert f"| `{name}` |" in RUNBOOK, name
