"""Columns, their order, types and nulls: what the table declares, checked by pandera."""

import polars as pl

from mlplatform.domain.schema import Table
from mlplatform.domain.tables import BARS, QUARANTINED_BARS
from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import listed


def _faults(frame: pl.DataFrame, table: Table) -> list[str]:
    # Slow to import (about a second): only a process that judges bars pays for it.
    import pandera.polars as pa
    from pandera.errors import SchemaErrors

    if frame.is_empty() and frame.schema == table.schema:
        return []
    schema = pa.DataFrameSchema(
        {c.name: pa.Column(c.dtype, nullable=c.nullable) for c in table.columns},
        strict=True,
        ordered=True,
        name=table.name,
    )
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.select(
            pl.format(
                "{} of table {}: {} fails {}",
                pl.coalesce("column", pl.lit("?")),
                pl.lit(table.name),
                pl.coalesce(pl.col("failure_case").cast(pl.String), pl.lit("null")),
                pl.coalesce("check", pl.lit("?")),
            )
        )
        return [str(case) for case in cases.to_series()]
    return []


def _judge(evidence: Evidence) -> Finding:
    faults = [*_faults(evidence.bars, BARS), *_faults(evidence.quarantined, QUARANTINED_BARS)]
    shown = listed(dict.fromkeys(faults))
    nulls = evidence.bars.null_count()
    return Finding(
        not faults,
        "error",
        f"The stored tables are not what is declared: {shown}."
        if faults
        else f"All {len(BARS.columns)} columns have the declared order, types and nulls.",
        {"faults": len(faults), "columns": evidence.bars.width, "first_fault": shown or "none"},
        Curve.of(nulls.transpose().to_series(), "nulls", "null values by column, in table order"),
    )


CHECK = QualityCheck(
    "schema_and_types",
    "Columns, their order, types and nulls are those that the table declares.",
    True,
    _judge,
)
