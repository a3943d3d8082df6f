"""Quality checks as Dagster sees them: specs beside the asset `bars`, results from findings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import dagster as dg
import polars as pl

from mlplatform.adapters.bars.book import BarBook
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.market.quality.catalog import QUALITY
from mlplatform.market.quality.evidence import Evidence, Finding, QualityCheck
from mlplatform.market.sessions import expected_bars
from mlplatform.market.validation import SET_ASIDE
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.planning.ledger import BLOCKED_TAG
from mlplatform.orchestration.plots import bars_of, thumbnail
from mlplatform.settings import StudySettings

JUMPS = "no_price_jumps"
ROWS = "rows_are_valid"
FAILURES = "failures"
"""Metadata of a check over many periods: what failed, where, and whether that stops."""
_BARS = dg.AssetKey("bars")


def specs() -> list[dg.AssetCheckSpec]:
    """One spec a check; whether a failure stops the chain is decided by its severity too.

    They are of the asset, not of a partition: a run of many periods says one thing a check.
    """
    told = [(check.name, check.about, check.is_blocking) for check in QUALITY]
    told.append((ROWS, "The share of refused rows is within max_quarantined_frac.", True))
    return [
        dg.AssetCheckSpec(name, asset=_BARS, description=about, blocking=blocks)
        for name, about, blocks in told
    ]


@dataclass(frozen=True)
class Verdict:
    """All findings on one period's bars."""

    findings: tuple[tuple[QualityCheck, Finding], ...]
    rows: dg.AssetCheckResult
    refused_rows: int

    @property
    def blocked_by(self) -> list[str]:
        """The checks that stop what depends on these bars."""
        names = [check.name for check, finding in self.findings if _blocks(check, finding)]
        return names + ([] if self.rows.passed else [ROWS])

    @property
    def tags(self) -> dict[str, str]:
        """What the planner must know: bars that a check stopped are as good as not made."""
        return {BLOCKED_TAG: " ".join(self.blocked_by)} if self.blocked_by else {}

    @property
    def names(self) -> list[str]:
        """All checks."""
        return [*(check.name for check, _ in self.findings), ROWS]

    @property
    def failures(self) -> dict[str, str]:
        """What each check that failed says."""
        failed = {
            check.name: found.description for check, found in self.findings if not found.passed
        }
        return failed | ({} if self.rows.passed else {ROWS: str(self.rows.description)})

    def result(self, name: str) -> dg.AssetCheckResult:
        """One check's result with its figures and a small plot."""
        if name == ROWS:
            return self.rows
        return next(_result(check, found) for check, found in self.findings if check.name == name)

    def results(self) -> list[dg.AssetCheckResult]:
        """The results of all checks."""
        return [self.result(name) for name in self.names]


def judge(evidence: Evidence, settings: StudySettings) -> Verdict:
    """Every check of the catalog on one period."""
    findings = []
    for check in QUALITY:
        finding = check.judge(evidence)
        if check.name == JUMPS and settings.accept_price_jumps:
            finding = replace(finding, severity="warn")
        findings.append((check, finding))
    faults = evidence.quarantined.filter(~pl.col("reason").is_in(SET_ASIDE))
    return Verdict(tuple(findings), _rows(evidence, faults, settings), faults.height)


def evidence_of(
    partition: Partition,
    axis: PeriodAxis,
    frames: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
    raw_rows: int,
    book: BarBook,
) -> Evidence:
    """What the checks look at; `frames` are bars, the bars before, and the quarantined rows."""
    bars, earlier, quarantined = frames
    series = Series.parse(partition.series)
    return Evidence(
        series=series,
        bars=bars,
        earlier=earlier,
        raw_rows=raw_rows,
        quarantined=quarantined,
        others=_others(book, partition),
        expected=_expected(series, axis, partition.period, bars, book),
    )


def _expected(
    series: Series, axis: PeriodAxis, period: str, bars: pl.DataFrame, book: BarBook
) -> pl.Series:
    """The bar starts of the period, between the source's first and last bar."""
    if bars.is_empty():
        return pl.Series("ts", [], dtype=bars.schema["ts"])
    last = axis.end_of(period) - timedelta(days=1)
    expected = expected_bars(axis.start_of(period), last, series.timeframe)
    held = book.chapter(series.name).periods
    if period == held[0]:
        expected = expected.filter(expected >= bars["ts"][0])
    if period == held[-1]:
        expected = expected.filter(expected <= bars["ts"][-1])
    return expected


def _others(book: BarBook, partition: Partition) -> Mapping[str, pl.DataFrame]:
    """The same period of the home's other series, as they are now."""
    lake, key = book.home.lake, ("bars", partition.period)
    return {
        name: lake.read(key[0], name, [key[1]])
        for name in book.series()
        if name != partition.series and lake.has(key[0], name, key[1])
    }


def summaries(series: str, verdicts: Mapping[str, Verdict]) -> Iterator[dg.AssetCheckEvaluation]:
    """One evaluation a check over many periods: the worst speaks, every failure is named."""
    for name in next(iter(verdicts.values())).names:
        failed = {
            period: verdict for period, verdict in verdicts.items() if name in verdict.failures
        }
        speaker = next(reversed((failed or verdicts).values())).result(name)
        told = [
            {
                "period": f"{period} {series}",
                "stops": name in verdict.blocked_by,
                "what": verdict.failures[name],
            }
            for period, verdict in failed.items()
        ]
        count = f"{len(failed)} of {len(verdicts)} periods failed."
        yield dg.AssetCheckEvaluation(
            asset_key=_BARS,
            check_name=name,
            passed=not failed,
            metadata={
                **speaker.metadata,
                "periods": len(verdicts),
                FAILURES: dg.MetadataValue.json(told),
            },
            severity=speaker.severity,
            description=f"{count} {speaker.description}",
            blocking=any(name in verdict.blocked_by for verdict in failed.values()),
        )


def _blocks(check: QualityCheck, finding: Finding) -> bool:
    return check.is_blocking and not finding.passed and finding.severity == "error"


def _result(check: QualityCheck, finding: Finding) -> dg.AssetCheckResult:
    metadata: dict[str, object] = dict(finding.figures)
    if finding.curve is not None:
        curve = finding.curve
        metadata["plot"] = thumbnail(curve.values, f"{curve.about}, {curve.unit}")
    is_error = finding.severity == "error"
    return dg.AssetCheckResult(
        asset_key=_BARS,
        check_name=check.name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=finding.description,
        metadata=metadata,
    )


def _rows(evidence: Evidence, faults: pl.DataFrame, settings: StudySettings) -> dg.AssetCheckResult:
    refused, total = faults.height, evidence.raw_rows
    share = refused / total if total else 0.0
    counts = dict(faults.group_by("reason").len().sort("len", "reason").reverse().iter_rows())
    limit = settings.max_quarantined_frac
    told = ", ".join(f"{count} {reason}" for reason, count in counts.items())
    return dg.AssetCheckResult(
        asset_key=_BARS,
        check_name=ROWS,
        passed=share <= limit,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{refused} of {total} rows were refused ({share:.2%}, limit {limit:.2%})"
        + (f": {told}" if told else ""),
        metadata={"refused": refused, "rows": total, "share": share, "limit": limit}
        | ({"plot": bars_of(counts, "refused rows")} if counts else {}),
    )
