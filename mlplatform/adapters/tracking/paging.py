"""MLflow's client answers a search in pages."""

from collections.abc import Callable, Iterator
from typing import Any

PAGE = 1000


def every(search: Callable[[str | None], Any]) -> Iterator[Any]:
    """All that is found, page after page; `search` gets the token of the page that it gives."""
    token = None
    while True:
        page = search(token)
        yield from page
        token = page.token
        if not token:
            return
