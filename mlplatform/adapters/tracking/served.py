"""The MLflow wrapper of a model or policy, for others: `mlflow.pyfunc.load_model(...)`.

MLflow runs this file when it loads the model ("models from code"). The platform itself goes
straight to the models.
"""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from mlplatform.adapters.tracking.answers import answer, open_payload
from mlplatform.adapters.tracking.port import PAYLOAD_SHA256, unaltered


class Served(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Holds the model and answers frames of named inputs."""

    def load_context(self, context: Any) -> None:
        """Read and check the payload once; raises AlteredModel."""
        expected = (context.model_config or {}).get(PAYLOAD_SHA256)
        self.model = open_payload(
            unaltered(Path(context.artifacts["payload"]).read_bytes(), expected)
        )

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        """One row of answers a row of inputs."""
        del context, params
        return answer(self.model, model_input)


mlflow.models.set_model(Served())
