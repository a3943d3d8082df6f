"""`make bench`: every figure that the README shows. With --write it puts them there."""

import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import chain

README = Path(__file__).parents[1] / "README.md"
_PLACE = re.compile(r"(<!-- bench -->\n).*(\n<!-- /bench -->)", re.DOTALL)


def table() -> str:
    """All figures as one Markdown table under a line about the machine."""
    rows = ["| what | figure |", "|---|---|", *chain.figures()]
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return f"{day}, {machine}:\n\n" + "\n".join(rows)


if __name__ == "__main__":
    found = table()
    print(found)
    if "--write" in sys.argv:
        README.write_text(_PLACE.sub(lambda m: m[1] + found + m[2], README.read_text()))
