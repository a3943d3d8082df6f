"""Fitted models to bytes and back: canonical JSON around native booster texts, with a checksum.

No pickle: loading runs no code of the file's choosing. Bytes hold nothing but what inputs and seed
decide (no time, no path, no version of a machine), so the same fit gives the same bytes.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NoReturn

from mlplatform.models.arrays import Columns
from mlplatform.models.blend import Blend, MemberPlan, Plan
from mlplatform.models.calibration import Calibrator, Isotonic, Sigmoid
from mlplatform.models.entry import EntryMetrics, EntryModel
from mlplatform.models.entry_scores import SliceScores
from mlplatform.models.errors import AlteredModel
from mlplatform.models.families import load_booster
from mlplatform.models.intervals import Interval, Intervals, ReliabilityBin
from mlplatform.models.size import SizeMetrics, SizeModel, SizeRule
from mlplatform.models.stop import StopMetrics, StopModel
from mlplatform.models.stop_rivals import QuantileStops, RegimeStops, Rival
from mlplatform.models.stop_shape import RegimeMultiples, ShapeConfig
from mlplatform.models.threshold import Threshold
from mlplatform.models.tuning import TrialRecord

Model = StopModel | EntryModel | SizeModel
_FORMAT = "mlplatform-model"
_VERSION = 3
_Json = dict[str, Any]


def to_bytes(model: Model) -> bytes:
    """The model as UTF-8 JSON; `from_bytes` of it predicts the very same bits."""
    body = _body(model)
    return _canonical({"body": body, "sha256": _sha256(body)})


def fingerprint(model: Model) -> str:
    """sha256 (hex) over all that makes the model: boosters, columns, parameters, metrics."""
    return _sha256(_body(model))


def from_bytes(data: bytes) -> Model:
    """The model that `to_bytes` wrote; AlteredModel where the checksum or the format is another."""
    try:
        envelope = json.loads(data, parse_constant=_refuse)
        body, checksum = envelope["body"], envelope["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise AlteredModel("the model file is not one that this platform wrote") from error
    if _sha256(body) != checksum or _canonical(envelope) != data:
        raise AlteredModel("the model file was altered: its checksum does not match; fit it again")
    if body.get("format") != _FORMAT or body.get("version") != _VERSION:
        raise AlteredModel(
            f"the model file has format {body.get('format')} {body.get('version')}, "
            f"this platform reads {_FORMAT} {_VERSION}; fit it again"
        )
    return _READERS[body["kind"]](body["content"])


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _canonical(value: _Json) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _sha256(body: _Json) -> str:
    return hashlib.sha256(_canonical(body)).hexdigest()


def _body(model: Model) -> _Json:
    kind, content = _write(model)
    return {"format": _FORMAT, "version": _VERSION, "kind": kind, "content": content}


def _write(model: Model) -> tuple[str, _Json]:
    if isinstance(model, SizeModel):
        return "size", asdict(model)
    shared = {
        "columns": asdict(model.columns),
        "blend": [{"family": m.family, "text": m.to_text()} for m in model.blend.members],
        "plan": asdict(model.plan),
        "metrics": asdict(model.metrics),
    }
    if isinstance(model, StopModel):
        grid = {"stop_grid_atr": model.stop_grid_atr, "mean_net_r": model.mean_net_r}
        shaped = {"rival": _write_rival(model.rival), "shape": asdict(model.shape)}
        return "stop", shared | grid | shaped
    judged = {"calibrator": asdict(model.calibrator), "threshold": model.threshold}
    return "entry", shared | judged


def _read_columns(content: _Json) -> Columns:
    dropped = tuple((name, why) for name, why in content["dropped"])
    return Columns(tuple(content["names"]), tuple(content["kept"]), dropped)


def _read_trials(content: list[_Json]) -> tuple[TrialRecord, ...]:
    return tuple(TrialRecord(**(trial | {"steps": tuple(trial["steps"])})) for trial in content)


def _read_told(member: _Json) -> _Json:
    curve = tuple(member.get("curve", ()))
    return {"trials": _read_trials(member["trials"]), "curve": curve}


def _read_plan(content: _Json) -> Plan:
    members = tuple(
        MemberPlan(
            **member
            | {"trials": _read_trials(member["trials"]), "curve": tuple(member.get("curve", ()))}
        )
        for member in content["members"]
    )
    weights = tuple(content["weights"])
    return Plan(content["kind"], members, weights, content["stacked_rows"])


def _read_blend(content: list[_Json], plan: Plan) -> Blend:
    members = tuple(load_booster(member["family"], member["text"]) for member in content)
    return Blend(members, plan.kind, plan.weights)


def _read_calibrator(content: _Json) -> Calibrator:
    if content["method"] == "sigmoid":
        return Sigmoid(content["slope"], content["intercept"])
    return Isotonic(tuple(content["knots"]), tuple(content["values"]))


def _read_stop(content: _Json) -> StopModel:
    plan = _read_plan(content["plan"])
    return StopModel(
        columns=_read_columns(content["columns"]),
        stop_grid_atr=tuple(content["stop_grid_atr"]),
        mean_net_r=tuple(content["mean_net_r"]),
        blend=_read_blend(content["blend"], plan),
        plan=plan,
        metrics=StopMetrics(**content["metrics"]),
        rival=_read_rival(content["rival"]),
        shape=ShapeConfig(**content["shape"]),
    )


def _write_rival(rival: Rival | None) -> _Json | None:
    if isinstance(rival, QuantileStops):
        told = {"level": rival.level, "grid_atr": rival.grid_atr, "text": rival.text}
        return {"kind": rival.kind, "columns": asdict(rival.columns), **told}
    return None if rival is None else asdict(rival)


def _read_rival(content: _Json | None) -> Rival | None:
    if content is None:
        return None
    if content["kind"] == "quantile":
        columns = _read_columns(content["columns"])
        return QuantileStops(columns, content["level"], tuple(content["grid_atr"]), content["text"])
    told = content["multiples"]
    ends = {name: tuple(told[name]) for name in ("cuts", "multiples_atr")}
    return RegimeStops(content["place"], content["feature"], RegimeMultiples(**(told | ends)))


def _read_scores(content: _Json) -> SliceScores:
    spread = content["intervals"]
    if spread is not None:
        ends = {name: Interval(**spread[name]) for name in ("auc", "brier", "log_loss")}
        spread = Intervals(spread["days"], **ends)
    read = {
        "intervals": spread,
        "logistic_features": tuple(content["logistic_features"]),
        "reliability": tuple(ReliabilityBin(**one) for one in content["reliability"]),
    }
    return SliceScores(**(content | read))


def _read_entry(content: _Json) -> EntryModel:
    figures = content["metrics"]
    metrics = EntryMetrics(
        **(
            figures
            | {
                "scores": _read_scores(figures["scores"]),
                "threshold": Threshold(**figures["threshold"]),
            }
        )
    )
    plan = _read_plan(content["plan"])
    return EntryModel(
        columns=_read_columns(content["columns"]),
        blend=_read_blend(content["blend"], plan),
        calibrator=_read_calibrator(content["calibrator"]),
        threshold=content["threshold"],
        plan=plan,
        metrics=metrics,
    )


def _read_size(content: _Json) -> SizeModel:
    trials = _read_trials(content["trials"])
    metrics = SizeMetrics(**content["metrics"])
    return SizeModel(SizeRule(**content["rule"]), trials, metrics)


_READERS: dict[str, Callable[[_Json], Model]] = {
    "stop": _read_stop,
    "entry": _read_entry,
    "size": _read_size,
}
