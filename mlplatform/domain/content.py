"""Identity of content: the same rows give the same hash, on any machine."""

import hashlib

import polars as pl


def content_hash(frame: pl.DataFrame) -> str:
    """SHA-256 over names, types, nulls and values, in row order; 64 hex digits."""
    digest = hashlib.sha256(str(frame.height).encode())
    for column in frame.iter_columns():
        digest.update(f"|{column.name}:{column.dtype}|".encode())
        digest.update(column.is_null().to_numpy().tobytes())
        if column.dtype in (pl.String, pl.Binary):
            # Each value once, then who has which: columns of names repeat themselves.
            values = column.fill_null("" if column.dtype == pl.String else b"")
            distinct = values.unique(maintain_order=True)
            for value in distinct:
                raw = value.encode() if isinstance(value, str) else value
                digest.update(len(raw).to_bytes(8, "little"))
                digest.update(raw)
            places = pl.int_range(distinct.len(), dtype=pl.UInt32, eager=True)
            digest.update(values.replace_strict(distinct, places).to_numpy().tobytes())
        else:
            physical = column.cast(pl.UInt8) if column.dtype == pl.Boolean else column.to_physical()
            digest.update(physical.fill_null(strategy="zero").to_numpy().tobytes())
    return digest.hexdigest()
