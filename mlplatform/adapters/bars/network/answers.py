"""What all sources do with an answer: keep complete bars of the span, say errors in one clause."""

import re
from datetime import datetime

import polars as pl

from mlplatform.adapters.bars.network.port import Request
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import RAW_BARS

_ACCOUNT = re.compile(r"\b(?:DU|DF|U|F|I)\d{4,}\b")
_SECRET = re.compile(
    r"(?i)\b(crumb|token|key|apikey|api_key|password|passwd|secret|cookie|authorization)"
    r"(\s*[=:]\s*)(?:bearer\s+)?[^\s&,;'\"]+"
)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_LONGEST = 200


def complete_bars(
    frame: pl.DataFrame, request: Request, timeframe: Timeframe, now: datetime
) -> pl.DataFrame:
    """Table `raw_bars`: the bars that start in the request's span and are complete by now."""
    inside = (pl.col("ts") >= request.first) & (pl.col("ts") < request.last)
    complete = pl.col("ts") + timeframe.delta <= now
    return RAW_BARS.frame(
        frame.filter(inside & complete).drop("row", strict=False).with_row_index("row")
    )


def clause(text: str, *secrets: str) -> str:
    """A vendor's words as part of one sentence: one line, no full stop inside, nothing secret."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    text = _USERINFO.sub("***@", _SECRET.sub(r"\1\2***", _ACCOUNT.sub("***", text)))
    words = re.sub(r"[.!?:]+(\s|$)", r";\1", " ".join(text.split()))
    return words.strip(" ;")[:_LONGEST]
