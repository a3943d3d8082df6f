"""What mkdocs calls: fills the places `<!-- generated: NAME -->` of the pages from the code."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import data_flow
import generated

_PLACE = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)
_MAKERS: dict[str, Callable[[], str]] = {
    "commands": generated.commands,
    "settings": generated.settings,
    "tables": generated.tables,
    "data-flow": data_flow.figure,
}


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page with its generated parts; KeyError for a name that nobody makes."""
    return _PLACE.sub(lambda found: _MAKERS[found[1]](), markdown)
