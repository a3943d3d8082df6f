"""The schema in words names what report.json holds."""

from pathlib import Path

from mlplatform.reports.summary import SCHEMA_VERSION, report_json
from mlplatform.studies.certainty.verdict import RULES
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
    certainty, segments = report["certainty"], report["segments"]
    assert isinstance(certainty, dict)
    assert isinstance(segments, dict)
    keys += [*certainty, *segments, *segments["dimensions"]]
    for part in ("sharpe", "overfitting", "permutation", "verdict", "intervals"):
        keys += certainty[part]
    keys += [*certainty["intervals"]["ml"], *certainty["intervals"]["ml"]["win_rate"]]
    keys += [*certainty["costs"][0], *certainty["slippage"][0]]
    assert isinstance(report["provenance"], dict)
    keys += report["provenance"]["with_earlier_studies"]
    assert [key for key in keys if f"`{key}`" not in text] == []
    assert f"schema version {SCHEMA_VERSION}" in text


def test_the_rules_of_the_verdict_stand_in_the_docs_as_they_are() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    for rule in RULES:
        assert rule in text
