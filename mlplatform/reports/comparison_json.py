"""comparison.json: a comparison of two studies as one canonical value. Schema: docs/report.md."""

from mlplatform.metrics.bootstrap import Interval
from mlplatform.metrics.undefined import Undefined
from mlplatform.reports.numbers import number
from mlplatform.reports.summary import plain
from mlplatform.studies.comparison.value import Comparison, Contender, TradeGroup

SCHEMA_VERSION = 1


def comparison_json(found: Comparison) -> dict[str, object]:
    """The comparison in JSON types; what does not exist is null and has its `reason`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "a": _contender(found.a),
        "b": _contender(found.b),
        "kind": found.kind,
        "sentence": found.sentence,
        "days": {
            "count": len(found.days),
            "from": found.days[0].isoformat(),
            "to": found.days[-1].isoformat(),
        },
        "figures": {name: _figure(found, name) for name in found.gaps},
        "same_trades": {
            "a": _group(found.same.a),
            "b": _group(found.same.b),
            "same_exit": found.same.same_exit,
            "difference_r": _interval(found.same.difference_r),
        },
        "only_a": _group(found.only_a),
        "only_b": _group(found.only_b),
        "settings": {name: {"a": plain(a), "b": plain(b)} for name, a, b in found.settings},
        "notes": list(found.notes),
    }


def _contender(side: Contender) -> dict[str, object]:
    return {
        "label": side.label,
        "series": side.series,
        "policy": side.policy,
        "capital_usd": side.capital_usd,
        "source_sha256": side.source_sha256 or None,
    }


def _figure(found: Comparison, name: str) -> dict[str, object]:
    told = {"a": number(found.figures_a[name]), "b": number(found.figures_b[name])}
    return {**told, **_interval(found.differences[name], number(found.gaps[name]))}


def _interval(
    interval: Interval | Undefined, value: float | int | None = None
) -> dict[str, object]:
    if isinstance(interval, Undefined):
        told: dict[str, object] = {"difference": value, "low": None, "high": None}
        return {**told, "confidence": None, "reason": interval.reason}
    return {
        "difference": number(interval.value),
        "low": number(interval.low),
        "high": number(interval.high),
        "confidence": interval.confidence,
        "reason": None,
    }


def _group(group: TradeGroup) -> dict[str, object]:
    return {
        "trades": group.trades,
        "net_usd": number(group.net_usd),
        "expectancy_r": number(group.expectancy_r),
        "win_rate": number(group.win_rate),
    }
