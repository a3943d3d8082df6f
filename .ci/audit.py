"""Known vulnerabilities of what is pinned, as far as the public database answers.

Run by `make check`. The database is asked first for what it must know: an old version with a known
vulnerability. A mirror that does not carry them would call everything sound. Where it does not
answer, that is said, and the check goes on; `make audit` insists.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

PINS = Path(__file__).parents[1] / "constraints.txt"
CANARY = "https://pypi.org/pypi/jinja2/2.10/json"
"""A version whose vulnerabilities are known since 2019."""
_PATIENCE_S = 10
AUDIT = ["pip_audit", "--strict", "--disable-pip", "--no-deps", "--requirement", str(PINS)]


def silence(url: str = CANARY) -> str | None:
    """Why nothing can be said, None where the database answers."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:
            known = json.load(answer).get("vulnerabilities")
    except (OSError, ValueError) as error:
        return f"the public database does not answer ({error})"
    return None if known else "what answers as the public database knows no vulnerabilities"


def main(why_silent: Callable[[], str | None] = silence, command: list[str] | None = None) -> int:
    """The audit's exit code: 1 where something is found; 0 where nobody could be asked."""
    if (why := why_silent()) is not None:
        print(f"NOT AUDITED for known vulnerabilities: {why}.")
        return 0
    return subprocess.run(command or [sys.executable, "-m", *AUDIT], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
