"""Who may talk to the desk: this page only, not too much, and not too fast."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections import OrderedDict
from typing import Any

from sim.desk.session import LARGEST_FILE

LARGEST_BODY = LARGEST_FILE + 2**16
"""Bytes of one request."""

RATES = {"page": (60, 30.0), "post": (60, 30.0)}
"""Visits of the page and posts that one address may make at once, and seconds until all may come again."""

MOST_ADDRESSES = 1_000

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        # The browser itself then refuses whatever would leave this machine.
        b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss: data: blob:; "
        b"frame-ancestors 'none'; form-action 'self'; base-uri 'self'",
    ),
)


class Guard:
    """An ASGI application around another that turns away what is not the page's own.

    Args:
        app: What is guarded.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self._used: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request or websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        else:
            await self.app(scope, _limited(receive), _with_headers(send))

    def _refusal(self, scope: Any, headers: dict[bytes, str]) -> tuple[int, str] | None:
        host = headers.get(b"host", "")
        if not host_allowed(host):
            return 421, f"host {host[:80]!r} is not this machine"
        if not origin_allowed(headers.get(b"origin"), host):
            return 403, "the request comes from another page"
        if scope["type"] == "websocket":
            return None
        length = headers.get(b"content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return 413, f"at most {LARGEST_BODY} bytes"
        kind = "post" if scope["method"] != "GET" else "page" if scope["path"] == "/" else ""
        if kind and not self._may(kind, (scope.get("client") or ("",))[0]):
            return 429, "too many requests, please wait"
        return None

    def _may(self, kind: str, address: str) -> bool:
        """A bucket of tokens for each address and kind."""
        most, seconds = RATES[kind]
        now = time.monotonic()
        tokens, last = self._used.pop((kind, address), (float(most), now))
        tokens = min(float(most), tokens + (now - last) * most / seconds)
        self._used[kind, address] = (tokens - 1 if tokens >= 1 else tokens, now)
        while len(self._used) > MOST_ADDRESSES:
            self._used.popitem(last=False)
        return tokens >= 1


def host_allowed(host: str) -> bool:
    """Whether a Host header names this machine: an address, localhost or its own name.

    A foreign name that was made to point here (DNS rebinding) is refused; an address cannot be.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host
    name = name.strip("[]").lower()
    if name in ("localhost", socket.gethostname().lower()):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def origin_allowed(origin: str | None, host: str) -> bool:
    """Whether an Origin header, if there is one, names the page itself."""
    return origin is None or origin in (f"http://{host}", f"https://{host}")


async def _refuse(scope: Any, receive: Any, send: Any, status: int, line: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": line})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"error: {line}\n".encode()})


def _limited(receive: Any) -> Any:
    # A body without a stated length is counted as it comes.
    count = 0

    async def counted() -> Any:
        nonlocal count
        message = await receive()
        if message["type"] == "http.request":
            count += len(message.get("body", b""))
            if count > LARGEST_BODY:
                return {"type": "http.disconnect"}
        return message

    return counted


def _with_headers(send: Any) -> Any:
    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
        await send(message)

    return sent
