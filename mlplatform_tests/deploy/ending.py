"""Ends what a test started."""

import os
import subprocess


def end(process: "subprocess.Popen[bytes]") -> None:
    """A process and its children: asked first, killed where that does not help."""
    for patience_s, signal in ((20, 15), (10, 9)):
        try:
            os.killpg(process.pid, signal)
            process.wait(patience_s)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
