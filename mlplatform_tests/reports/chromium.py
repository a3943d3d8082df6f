"""A headless Chromium driven over pipes by its DevTools protocol: no socket, no driver."""

import base64
import fcntl
import json
import os
import select
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]


class Page:
    """One tab. `errors` holds console errors, exceptions and log entries; `requests` all URLs."""

    def __init__(self, send_fd: int, receive_fd: int) -> None:
        self._send_fd, self._receive_fd = send_fd, receive_fd
        self._last_id, self._buffer, self._session = 0, b"", None
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def open(self, path: Path, width: int) -> None:
        """Shows a file at a width in CSS pixels on a light screen, and waits until it is drawn."""
        self.resize(width)
        self.darken(False)
        self.errors.clear()
        self.requests.clear()
        self._loaded = False
        self.call("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._receive()
        self.settle()

    def resize(self, width: int) -> None:
        """Turns the screen to a width in CSS pixels; below 700 it is a phone's."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 700}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def darken(self, dark: bool) -> None:
        """Has the user prefer a dark scheme, or a light one."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def settle(self, until: str = "true") -> None:
        """Waits until a condition holds in the page, two frames at least, three seconds at most."""
        self.evaluate(f"""new Promise((done) => {{
          const end = performance.now() + 3000;
          const look = () => ({until}) || performance.now() > end ? done() : setTimeout(look, 30);
          requestAnimationFrame(() => requestAnimationFrame(look));
        }})""")

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol and its result; gives up after 30 s of silence."""
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send_fd, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last_id:
                assert "error" not in answer, answer
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._receive_fd], [], [], 30)
            assert ready, "Chromium is silent"
            read = os.read(self._receive_fd, 1 << 20)
            assert read, "Chromium has ended"
            self._buffer += read
        text, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(text)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, method: str | None, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.errors.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(str(params["entry"]))


@contextmanager
def chromium(program: str, profile: Path):  # type: ignore[no-untyped-def]
    """A page of a new Chromium with a new profile; it is closed and waited for at the end."""
    ends = [fd for _ in range(2) for fd in os.pipe()]
    child_reads, we_write, we_read, child_writes = (_high(fd) for fd in ends)
    actions = [(os.POSIX_SPAWN_DUP2, child_reads, 3), (os.POSIX_SPAWN_DUP2, child_writes, 4)]
    null = os.open(os.devnull, os.O_RDWR)
    actions += [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    pid = os.posix_spawn(
        program, [program, *_FLAGS, f"--user-data-dir={profile}"], os.environ, file_actions=actions
    )
    for fd in (child_reads, child_writes, null):
        os.close(fd)
    try:
        page = Page(we_write, we_read)
        yield page
        page._session = None
        page.call("Browser.close")
    finally:
        os.close(we_write)
        os.close(we_read)
        _wait(pid)


def _high(fd: int) -> int:
    """The same pipe end above the numbers that the child's own descriptors take."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(fd)
    return moved


def _wait(pid: int) -> None:
    for _ in range(100):
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.05)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
