"""Trained networks to text and back: canonical JSON, arrays in base64, and a checksum.

No pickle: loading runs no code of the file's choosing.
"""

import base64
import hashlib
import json
from typing import Any

import numpy as np

from mlplatform.models.arrays import FloatArray
from mlplatform.models.errors import AlteredModel

Json = dict[str, Any]
_DTYPES = ("<f4", "<f8")


def pack(values: FloatArray, dtype: str = "<f8") -> Json:
    """An array as its shape and its little-endian bytes."""
    stored = np.ascontiguousarray(values, dtype=dtype)
    data = base64.b64encode(stored.tobytes()).decode()
    return {"dtype": dtype, "shape": list(stored.shape), "data": data}


def unpack(packed: Json) -> FloatArray:
    """The array that `pack` wrote, as float64; AlteredModel where it does not hold together."""
    try:
        if packed["dtype"] not in _DTYPES:
            raise ValueError(packed["dtype"])
        raw = base64.b64decode(packed["data"], validate=True)
        values = np.frombuffer(raw, dtype=packed["dtype"]).reshape(packed["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise AlteredModel("a network's weights cannot be read; fit it again") from error
    return values.astype(np.float64)


def seal(kind: str, body: Json) -> str:
    """The body under its kind and checksum; the same body gives the same text."""
    return _canonical({"kind": kind, "body": body, "sha256": _sha256(body)})


def unseal(kind: str, text: str) -> Json:
    """The body that `seal` wrote; AlteredModel where checksum, kind or writing is another."""
    try:
        envelope = json.loads(text)
        body, checksum, found = envelope["body"], envelope["sha256"], envelope["kind"]
    except (ValueError, KeyError, TypeError) as error:
        raise AlteredModel("the network's text is not one that this platform wrote") from error
    if found != kind:
        raise AlteredModel(f"the text holds a {found}, not a {kind}")
    if not isinstance(body, dict) or _sha256(body) != checksum or _canonical(envelope) != text:
        raise AlteredModel("the network was altered: its checksum does not match; fit it again")
    return body


def _canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _sha256(body: Json) -> str:
    return hashlib.sha256(_canonical(body).encode()).hexdigest()
