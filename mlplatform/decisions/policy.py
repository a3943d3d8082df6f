"""The ML policy: three models that decide stop distance, whether to trade, and how many contracts.

Research, paper and live trading load the same bytes and call the same `decide`.
"""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, fields

import numpy as np
import numpy.typing as npt
import polars as pl

from mlplatform.decisions.baseline import baseline_decisions
from mlplatform.decisions.plans import Plan, decisions_of
from mlplatform.models.entry import EntryModel
from mlplatform.models.errors import AlteredModel
from mlplatform.models.neural.detector import Detector
from mlplatform.models.serial import from_bytes
from mlplatform.models.size import SizeModel
from mlplatform.models.stop import StopModel
from mlplatform.models.stop_shape import bounded_stops, smoothed_stops

ROLES = ("stop", "entry", "size")


@dataclass(frozen=True)
class Policy:
    """The three fitted models with what they may be used for."""

    fingerprint: str
    feature_plan: str
    """Fingerprint of the features that the models were trained on."""
    names: tuple[str, ...]
    """Model inputs in column order."""
    multiplier_usd: float
    capital_usd: float
    stop: StopModel
    entry: EntryModel
    size: SizeModel | None
    """None where it could not be had: then one contract each."""
    detector: Detector | None = None
    """What gives the input `detector_score`; None where it has shown no skill: then that is null.
    """
    tick_points: float = 0.25

    def plan(
        self,
        x: npt.NDArray[np.float64],
        atr_points: npt.NDArray[np.float64],
        decision_us: npt.NDArray[np.int64] | None = None,
        before: tuple[float, int] | None = None,
    ) -> Plan:
        """What it wants for candidates: inputs (n, names), ATR of the signal bars (n,).

        Stops are smoothed where the decisions' times (n,), in order, are given; `before` is the
        `last_stop` of the plan before, so that one at a time gives the same bits as many.
        """
        raw_atr = self.stop.predict(x)
        stop_atr, last, shape = raw_atr, before, self.stop.shape
        if decision_us is not None and len(x):
            stop_atr = smoothed_stops(raw_atr, decision_us, shape, before)
            last = float(stop_atr[-1]), int(decision_us[-1])
        if shape.min_ticks is not None or shape.max_ticks is not None:
            stop_atr = bounded_stops(stop_atr, atr_points, self.tick_points, shape)
        probability = self.entry.predict(x)
        contracts = np.ones(len(x), np.int64)
        if self.size is not None:
            contracts = self.size.contracts(
                probability,
                stop_atr * atr_points,
                self.multiplier_usd,
                self.capital_usd,
                atr_points,
            )
        take = self.entry.take(probability)
        threshold = self.entry.threshold
        return Plan(take, contracts, stop_atr, probability, threshold, raw_atr, last)

    def require(self, names: list[str]) -> None:
        """Raise AlteredModel where these inputs are not the ones that it was trained on."""
        if tuple(names) != self.names:
            raise AlteredModel("the policy was trained on other inputs than these: train again")

    def decide(self, candidates: pl.DataFrame, x: npt.NDArray[np.float64]) -> pl.DataFrame:
        """Table `decisions` for candidates and their inputs `x` (candidates, names)."""
        return self.decide_next(candidates, x)[0]

    def decide_next(
        self,
        candidates: pl.DataFrame,
        x: npt.NDArray[np.float64],
        before: tuple[float, int] | None = None,
    ) -> tuple[pl.DataFrame, tuple[float, int] | None]:
        """`decide` for candidates in order of decision that follow others, whose last stop is
        `before`; gives the last stop as well.
        """
        times = candidates["ts"].to_physical().to_numpy()
        plan = self.plan(x, candidates["atr_points"].to_numpy(), times, before)
        return decisions_of("ml", self.fingerprint, candidates, plan), plan.last_stop


@dataclass(frozen=True)
class PolicyTerms:
    """What a policy was trained for, beside its models."""

    feature_plan: str
    names: tuple[str, ...]
    multiplier_usd: float
    capital_usd: float
    tick_points: float = 0.25


def pack(models: dict[str, bytes], terms: PolicyTerms) -> bytes:
    """The policy as canonical JSON: its models' bytes, and what they were trained for."""
    packed = {role: base64.b64encode(model).decode() for role, model in models.items()}
    return json.dumps({"models": packed, **asdict(terms)}, sort_keys=True).encode()


def policy_fingerprint(payload: bytes) -> str:
    """The identity of a packed policy."""
    return hashlib.sha256(payload).hexdigest()[:16]


def unpack(payload: bytes, expected_plan: str | None = None) -> Policy:
    """The policy of `pack`; the size model and the detector may be missing from it.

    Raises AlteredModel where it was trained on another feature plan, or is no packed policy.
    """
    try:
        body = json.loads(payload)
        packed = {role: base64.b64decode(model) for role, model in body["models"].items()}
        terms = {field.name: body[field.name] for field in fields(PolicyTerms)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AlteredModel("the policy file is not one that this platform wrote") from error
    if expected_plan is not None and terms["feature_plan"] != expected_plan:
        raise AlteredModel(
            f"the policy was trained on feature plan {terms['feature_plan']}, but this platform "
            f"computes {expected_plan}: train again"
        )
    seen = packed.pop("detector", None)
    detector = None if seen is None else Detector.from_text(seen.decode())
    models = {role: from_bytes(data) for role, data in packed.items()}
    stop, entry, size = (models.get(role) for role in ROLES)
    if not (
        isinstance(stop, StopModel)
        and isinstance(entry, EntryModel)
        and isinstance(size, SizeModel | None)
    ):
        raise AlteredModel("the policy's models are not one of each role")
    terms["names"] = tuple(terms["names"])
    identity = policy_fingerprint(payload)
    return Policy(identity, **terms, stop=stop, entry=entry, size=size, detector=detector)


def fallback_decisions(candidates: pl.DataFrame) -> pl.DataFrame:
    """What the ML policy trades where no model could be had: the baseline, under its own name."""
    return baseline_decisions(candidates, policy="ml")
