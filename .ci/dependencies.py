"""What can be said of the dependencies without a network: each is pinned, each licence is known.

Run by `make check` in the environment that `make setup` made. Known vulnerabilities need a public
database: `make audit`.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

PINS = Path(__file__).parents[1] / "constraints.txt"
NOT_PINNED = {"mlplatform", "pip", "setuptools", "wheel"}
"""Ourselves, and what every fresh environment begins with."""
FREE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|Python-2\.0|CNRI-Python|MPL"
    r"|Mozilla Public|Zlib|Unlicense|HPND|CC0|ZPL|Zope|Public Domain|Boost|BSL-1\.0|Artistic)\b",
    re.IGNORECASE,
)
WEAK = re.compile(r"\b(LGPL|Lesser General Public)", re.IGNORECASE)
"""Used as separate libraries, unchanged: no duty beyond naming them."""
DECIDED = {
    "huey": "MIT, by its licence file",
    "ib-async": "BSD, by its licence file; its classifier is wrong",
    "namex": "Apache, by its licence file",
    "nvidia-nccl-cu12": "BSD-like, by its licence file; xgboost brings it, see docs/decisions.md",
    "skops": "MIT, by its licence file",
    "ta-lib": "BSD, by its licence file",
}
"""Looked up by hand, where the metadata names no licence or a wrong one."""


def name_of(text: str) -> str:
    """The name in the form in which names are compared."""
    return re.sub(r"[-_.]+", "-", text).lower()


def pins(text: str) -> dict[str, str]:
    """Name and version of each line of a constraints file."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name_of(name): version for name, version in pairs}


def licence_of(metadata: Message) -> str:
    """What a distribution says of its licence: expression, classifiers, or free text."""
    told = [str(metadata.get("License-Expression") or "")]
    told += [
        line.rpartition("::")[2].strip()
        for line in metadata.get_all("Classifier", [])
        if line.startswith("License ::")
    ]
    told.append(str(metadata.get("License") or "")[:200])
    return next((text for text in told if text.strip() and text != "OSI Approved"), "")


def findings(installed: Iterable[Any], pinned: dict[str, str]) -> Iterator[str]:
    """A sentence for each distribution that is not as it should be."""
    for item in installed:
        name = name_of(item.metadata["Name"])
        if name in NOT_PINNED:
            continue
        if name not in pinned:
            yield f"{name} {item.version} is installed and not pinned in constraints.txt"
        elif pinned[name] != item.version:
            yield f"{name} is {item.version}, constraints.txt says {pinned[name]}"
        licence = DECIDED.get(name) or licence_of(item.metadata)
        if not licence:
            yield f"{name} names no licence: look, and write it into DECIDED"
        elif not FREE.search(licence) and not WEAK.search(licence):
            yield f"{name} has the licence {licence!r}, of which nothing is decided"


def main() -> int:
    """Print the findings; 1 where there are any."""
    found = sorted(set(findings(distributions(), pins(PINS.read_text()))))
    print("\n".join(found) or "Every dependency is pinned, every licence known.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
