"""The lake: Parquet by asset, series and period, in a folder or in an object store."""

from mlplatform.adapters.lake.lake import Lake

__all__ = ["Lake"]
