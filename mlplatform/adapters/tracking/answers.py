"""What a registered model or policy answers to a frame of inputs."""

import json
from typing import TYPE_CHECKING

import numpy as np

from mlplatform.decisions.policy import Policy, unpack
from mlplatform.models.errors import AlteredModel
from mlplatform.models.neural.detector import Detector
from mlplatform.models.neural.windows import BARS, CHANNELS
from mlplatform.models.serial import Model, from_bytes
from mlplatform.models.size import SizeModel
from mlplatform.models.stop import StopModel

if TYPE_CHECKING:
    import pandas as pd

ATR = "atr_points"
"""The one input of a policy beside its features: the ATR of the signal bar, points."""


WINDOW_NAMES = tuple(
    f"{channel}_{BARS - place - 1}" for place in range(BARS) for channel in CHANNELS
)
"""Inputs of a detector: each channel of a window's bars, oldest first, by the bars before the
signal bar.
"""
Opened = Policy | Model | Detector


def open_payload(payload: bytes) -> Opened:
    """The model or policy of a payload; raises AlteredModel where it is not what was written."""
    try:
        body = json.loads(payload)
    except ValueError as error:
        raise AlteredModel("the model file is not one that this platform wrote") from error
    if "models" in body:
        return unpack(payload)
    if isinstance(body, dict) and body.get("kind") == Detector.KIND:
        return Detector.from_text(payload.decode())
    return from_bytes(payload)


def answer(model: Opened, inputs: "pd.DataFrame") -> "pd.DataFrame":
    """What a model says of inputs, one row each.

    Stop: `stop_atr`. Entry: `probability`. Size: `risk_frac` of capital before whole contracts.
    Detector: `score` of flattened windows. Policy: `stop_atr`, `probability`, `contracts` (0 where
    it does not trade).
    """
    import pandas as pd

    if isinstance(model, Policy):
        x = inputs[list(model.names)].to_numpy(np.float64)
        plan = model.plan(x, inputs[ATR].to_numpy(np.float64))
        return pd.DataFrame(
            {
                "stop_atr": plan.stop_atr,
                "probability": plan.probability,
                "contracts": np.where(plan.take, plan.contracts, 0),
            }
        )
    x = inputs.to_numpy(np.float64)
    if isinstance(model, Detector):
        return pd.DataFrame({"score": model.predict(x.reshape(len(x), *model.window))})
    if isinstance(model, SizeModel):
        return pd.DataFrame({"risk_frac": model.risk_frac(x[:, 0])})
    name = "stop_atr" if isinstance(model, StopModel) else "probability"
    return pd.DataFrame({name: model.predict(x)})
