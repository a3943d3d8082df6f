"""One HTTP GET, with what goes wrong sorted into what may pass and what may not."""

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

from mlplatform.adapters.bars.network.port import TransientError, UnreachableError
from mlplatform.domain.errors import InputError

Get = Callable[[str], bytes | None]
"""An address in, the body out; None where there is nothing at that address."""

_TIMEOUT_S = 30.0
_LARGEST_BYTES = 32 * 2**20
_MAY_PASS = frozenset({408, 425, 429})
_NOT_THERE = frozenset({404, 410})


def http_get(url: str) -> bytes | None:
    """The body at an address, None where the server says 404 or 410.

    Raises TransientError for time-outs, resets, HTTP 408, 425, 429 and 5xx, and InputError for
    the rest. Messages name the host only: an address may carry a password or a token.
    """
    host = urlsplit(url).hostname or "the server"
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"The address of {host} is not http or https: correct the setting.")
    asked = urllib.request.Request(url, headers={"User-Agent": "mlplatform"})
    try:
        with urllib.request.urlopen(asked, timeout=_TIMEOUT_S) as answer:
            body: bytes = answer.read(_LARGEST_BYTES + 1)
            left = getattr(answer, "length", None)  # what was announced and did not come
    except urllib.error.HTTPError as error:
        with error:
            _check_status(error, host)
        return None
    except urllib.error.URLError as error:
        raise _unreachable(error.reason, host) from None
    except (TimeoutError, ConnectionError, http.client.HTTPException, ssl.SSLError) as error:
        raise _unreachable(error, host) from None
    except (ValueError, OSError) as error:
        raise _unreachable(error, host) from None
    if len(body) > _LARGEST_BYTES:
        raise InputError(
            f"{host} sent more than {_LARGEST_BYTES // 2**20} MB for one request: that is not its "
            "usual answer, so check the address in the settings."
        )
    if left:
        raise TransientError("an answer that is cut off")
    return body


def _check_status(error: urllib.error.HTTPError, host: str) -> None:
    if error.code in _NOT_THERE:
        return
    if error.code in _MAY_PASS or error.code >= 500:
        after = error.headers.get("Retry-After", "")
        pause_s = min(float(after), 600.0) if after.isdigit() else 0.0
        raise TransientError(f"HTTP {error.code}", pause_s) from None
    raise InputError(
        f"{host} refused the request (HTTP {error.code}): check that you may use it from here, "
        "and its address in the settings."
    ) from None


def _unreachable(reason: object, host: str) -> Exception:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return InputError(f"{host} shows no certificate to trust: check the network's proxy.")
    if isinstance(reason, TimeoutError):
        return TransientError("no answer in time")
    return UnreachableError(f"connection failed, {type(reason).__name__}")
