"""The schema in words names what report.json holds."""

from pathlib import Path

from mlplatform.reports.summary import SCHEMA_VERSION, report_json
from mlplatform.testing.studies import fake_study

PAGE = Path(__file__).parents[2] / "docs" / "report.md"


def test_the_schema_in_words_names_every_key() -> None:
    text = PAGE.read_text(encoding="utf-8")
    report = report_json(fake_study())
    assert isinstance(report["ml"], dict)
    assert isinstance(report["source"], dict)
    keys = [*report, *report["ml"], *report["source"]]
    for listed in ("windows", "targets"):
        rows = report[listed]
        assert isinstance(rows, list)
        keys += rows[0]
    assert [key for key in keys if f"`{key}`" not in text] == []
    assert f"schema version {SCHEMA_VERSION}" in text
