"""The folder in which MLflow keeps a model: models-from-code around our own payload, no pickle."""

import warnings
from importlib.metadata import version
from pathlib import Path

from mlplatform.adapters.tracking.answers import Opened, answer
from mlplatform.adapters.tracking.port import PAYLOAD_SHA256, ModelNote

_SERVED = Path(__file__).with_name("served.py")
_NEEDED = ("mlplatform", "lightgbm", "xgboost", "numpy", "pandas", "polars")


def save_model(folder: Path, note: ModelNote, model: Opened) -> Path:
    """Write the model below `folder`; loading compares the payload with its checksum."""
    import mlflow
    import pandas as pd
    from mlflow.models.signature import infer_signature

    payload = folder / "payload.json"
    payload.write_bytes(note.payload)
    example = pd.DataFrame(note.example, columns=list(note.input_names))
    target = folder / "model"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns of missing type hints of frames
        mlflow.pyfunc.save_model(
            str(target),
            python_model=str(_SERVED),
            artifacts={"payload": str(payload)},
            signature=infer_signature(example, answer(model, example)),
            input_example=example,
            pip_requirements=[f"{name}=={version(name)}" for name in _NEEDED],
            model_config={PAYLOAD_SHA256: note.payload_sha256},
            metadata={"fingerprint": note.fingerprint, **note.tags},
        )
    return target
