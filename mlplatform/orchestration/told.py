"""What the market assets tell of themselves in their metadata."""

import polars as pl

from mlplatform.orchestration.plots import thumbnail

Figures = dict[str, object]


def sound(table: pl.DataFrame) -> Figures:
    """Of `contract_bars`."""
    return {"contracts": ", ".join(table["contract"].unique().sort()) or "unknown"}


def rolls(table: pl.DataFrame) -> Figures:
    """Of `rolls`: each change of contract with the gap between the two."""
    changes = table.drop_nulls("previous").iter_rows(named=True)
    return {
        "rolls": "; ".join(
            f"{row['session_date']} {row['previous']} to {row['contract']}"
            + ("" if row["gap_points"] is None else f" {row['gap_points']:+.2f} points")
            for row in changes
        )
        or "none"
    }


def bars(table: pl.DataFrame, refused_rows: int) -> Figures:
    """Of `bars`."""
    return {
        "refused_rows": refused_rows,
        "trading_days": table["session_date"].n_unique(),
        "contracts": ", ".join(table["contract"].unique(maintain_order=True)) or "unknown",
        "close": thumbnail(table["close"].to_numpy(), "close, points"),
    }


def quarantined(table: pl.DataFrame) -> Figures:
    """Of `quarantined_bars`: rows by reason."""
    counts = table.group_by("reason").len().sort("len", descending=True)
    return {f"rows: {reason}": rows for reason, rows in counts.iter_rows()}
