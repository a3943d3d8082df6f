"""Which feature a feature becomes in the mirrored market: the words of its name are swapped."""

import re

_OPPOSITE = {
    "high": "low",
    "upper": "lower",
    "up": "down",
    "resistance": "support",
}
_SWAP = {**_OPPOSITE, **{low: high for high, low in _OPPOSITE.items()}}
_WORD = re.compile(r"[a-z]+")


def mirror_of(name: str) -> str | None:
    """The name with high and low, upper and lower, up and down, resistance and support swapped.

    None where it holds none of those words: such a feature is its own mirror image.
    """
    mirrored = _WORD.sub(lambda word: _SWAP.get(word[0], word[0]), name)
    return None if mirrored == name else mirrored
