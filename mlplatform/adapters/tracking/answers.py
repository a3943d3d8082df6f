"""What a registered model or policy answers to a frame of inputs."""

import json
from typing import TYPE_CHECKING

import numpy as np

from mlplatform.decisions.policy import unpack
from mlplatform.models.serial import from_bytes
from mlplatform.models.size import SizeModel
from mlplatform.models.stop import StopModel

if TYPE_CHECKING:
    import pandas as pd

ATR = "atr_points"
"""The one input of a policy beside its features: the ATR of the signal bar, points."""


def predict_payload(payload: bytes, inputs: "pd.DataFrame") -> "pd.DataFrame":
    """What the model in `payload` says of inputs, one row each.

    Stop: `stop_atr`. Entry: `probability`. Size: `risk_frac` of capital before whole contracts.
    Policy: `stop_atr`, `probability`, `contracts` (0 where it does not trade).
    """
    import pandas as pd

    if "models" in json.loads(payload):
        policy = unpack(payload)
        x = inputs[list(policy.names)].to_numpy(np.float64)
        plan = policy.plan(x, inputs[ATR].to_numpy(np.float64))
        return pd.DataFrame(
            {
                "stop_atr": plan.stop_atr,
                "probability": plan.probability,
                "contracts": np.where(plan.take, plan.contracts, 0),
            }
        )
    model = from_bytes(payload)
    x = inputs.to_numpy(np.float64)
    if isinstance(model, SizeModel):
        return pd.DataFrame({"risk_frac": model.risk_frac(x[:, 0])})
    name = "stop_atr" if isinstance(model, StopModel) else "probability"
    return pd.DataFrame({name: model.predict(x)})
