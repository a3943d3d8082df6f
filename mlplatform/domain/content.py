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
            for value in column.fill_null("" if column.dtype == pl.String else b""):
                raw = value.encode() if isinstance(value, str) else value
                digest.update(len(raw).to_bytes(8, "little"))
                digest.update(raw)
        else:
            physical = column.cast(pl.UInt8) if column.dtype == pl.Boolean else column.to_physical()
            digest.update(physical.fill_null(strategy="zero").to_numpy().tobytes())
    return digest.hexdigest()
