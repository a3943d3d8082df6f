"""One way to derive a seed from what it is for."""

import hashlib
import json

SeedPart = int | str


def derive_seed(*parts: SeedPart) -> int:
    """A seed in [0, 2**31) that depends on all parts and their order, and on nothing else."""
    text = json.dumps(parts, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
