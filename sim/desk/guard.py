"""Who may talk to the desk: this page only, whoever knows the password, not too much, and not too fast."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
import socket
import time
from collections import OrderedDict
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sim.desk.session import LARGEST_FILE

LARGEST_BODY = LARGEST_FILE + 2**16
"""Bytes of one request."""

BODY_WITHIN = 60.0
"""Seconds in which a request's body must have come whole."""

RATES = {"page": (60, 30.0), "post": (60, 30.0), "password": (10, 60.0)}
"""Visits of the page, posts and passwords that one address may make at once, and seconds until all may come again."""

MOST_ADDRESSES = 1_000

COOKIE = "xiaoqu-desk"
REMEMBERED = 30 * 24 * 3600
"""Seconds that a browser keeps the sign of having known the password."""

KEY = "key"
"""What the password is called in a link, and in the form that asks for it."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # without any, a form of this page would be nobody's
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        # The browser itself then refuses whatever would leave this machine.
        b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss: data: blob:; "
        b"frame-ancestors 'none'; form-action 'self'; base-uri 'self'",
    ),
)

_SHEET = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>xiaoqu</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<style>body{{font:18px/1.7 sans-serif;max-width:32em;margin:15vh auto;padding:0 1em;color:#1f2933}}"
    "a,button{{font:inherit;display:inline-block;padding:.4em 1.2em;background:#0a4f8f;color:#fff;border:0;"
    "border-radius:4px;text-decoration:none}}input{{font:inherit;padding:.35em;width:14em}}</style></head>"
    "<body>{body}</body></html>"
)
_ELSEWHERE = (
    "<p>这个链接来自别的网页或程序。</p><p>This link comes from another page.</p>"
    '<p><a href="{link}">打开 · Open</a></p>'
)
_ASKS = (
    '<p>{said}</p><form method="post">{named}'
    '<p><label>口令 · Password<br><input name="key" type="password"{focus} autocomplete="current-password">'
    "</label> <button>进入 · Enter</button></p></form>"
)
_NAMED = '<p><label>姓名 · Name<br><input name="user" value="{user}"{focus} autocomplete="username"></label></p>'
_FIRST = "请输入口令。启动本工具的人知道口令。<br>This desk asks for a password. Whoever started it knows it."
_WRONG = "口令不对，请重试。<br>That is not the password."
_WHO = "请输入姓名和口令。<br>This desk asks who you are, and for your password."
_NOBODY = "姓名或口令不对，请重试。<br>That is not the name or not the password."
_TOO_MANY = "口令错误次数过多，请一分钟后再试。<br>Too many wrong passwords: please wait a minute."

USER = "xiaoqu.user"
"""In what the page is told of a request: who asks, where each has a password of their own."""


class Guard:
    """An ASGI application around another that turns away what is not the page's own.

    Args:
        app: What is guarded.
        names: Names beside those of this machine under which it may be asked for.
        password: Without it nobody is let in; empty for a desk that only this machine can reach.
        users: Passwords by name instead, where each has one of their own.
    """

    def __init__(
        self,
        app: Any,
        names: tuple[str, ...] = (),
        password: str = "",
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.app = app
        self._names = frozenset(name.lower() for name in names)
        self._named = users is not None
        self._passwords = dict(users or ({"": password} if password else {}))
        # Others at each start: who knew an earlier password does not come in with its sign.
        secret = secrets.token_bytes(32)
        self._signs = {
            hmac.new(secret, f"{user}:{word}".encode(), hashlib.sha256).hexdigest(): user
            for user, word in self._passwords.items()
        }
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
            return
        if scope["type"] == "http":
            receive, send = _limited(receive), _with_headers(send)
            if _from_elsewhere(headers):
                link = escape(
                    _address(scope, parse_qsl(scope.get("query_string", b"").decode("latin-1")))
                )
                await _show(send, 200, _ELSEWHERE.format(link=link))
                return
        user = self._known(headers)
        if user is None:
            await self._ask(scope, headers, receive, send)
            return
        await self.app({**scope, USER: user}, receive, send)

    def _refusal(self, scope: Any, headers: dict[bytes, str]) -> tuple[int, str] | None:
        host = headers.get(b"host", "")
        if not host_allowed(host, self._names):
            return (
                421,
                f"host {host[:80]!r} is not this machine; --host and --allow-host name others",
            )
        if not origin_allowed(headers.get(b"origin"), host):
            return 403, "the request comes from another page"
        # A picture, frame or script of a foreign page is not even looked at; a link is asked about.
        if headers.get(b"sec-fetch-site", "none") not in ("none", "same-origin") and not (
            scope["type"] == "http" and scope["path"] == "/" and _from_elsewhere(headers)
        ):
            return 403, "the request comes from another page"
        if scope["type"] == "websocket":
            return None
        length = headers.get(b"content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return 413, f"at most {LARGEST_BODY} bytes"
        kind = "post" if scope["method"] != "GET" else "page" if scope["path"] == "/" else ""
        if kind and not self._may(kind, scope):
            return 429, "too many requests, please wait · 访问过于频繁，请稍候"
        return None

    def _may(self, kind: str, scope: Any, cost: float = 1.0) -> bool:
        """A bucket of tokens for each address and kind, of which so many are taken."""
        address = (scope.get("client") or ("",))[0]
        most, seconds = RATES[kind]
        now = time.monotonic()
        tokens, last = self._used.pop((kind, address), (float(most), now))
        tokens = min(float(most), tokens + (now - last) * most / seconds)
        self._used[kind, address] = (tokens - cost if tokens >= 1 else tokens, now)
        while len(self._used) > MOST_ADDRESSES:
            self._used.popitem(last=False)
        return tokens >= 1

    # --- the password -----------------------------------------------------------------------------

    def _known(self, headers: dict[bytes, str]) -> str | None:
        """Who asks, by the sign in their browser; None of a stranger."""
        if not self._passwords:
            return ""
        named = (one.strip().partition("=") for one in headers.get(b"cookie", "").split(";"))
        for sign in [value for name, _, value in named if name.startswith(COOKIE)]:
            for ours, user in self._signs.items():
                if hmac.compare_digest(sign.encode(), ours.encode()):
                    return user
        return None

    async def _ask(self, scope: Any, headers: dict[bytes, str], receive: Any, send: Any) -> None:
        """Ask for the password, or take it from the form or the link and leave a sign in the browser."""
        if scope["type"] == "websocket" or scope["path"] != "/":
            await _refuse(scope, receive, send, 401, "the password is asked for on the page")
            return
        given = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        others = [(name, value) for name, value in given if name != KEY]
        if scope["method"] == "POST":
            given = parse_qsl((await _body(receive)).decode("latin-1"))
        said, user = dict(given).get(KEY), dict(given).get("user", "") if self._named else ""
        asked = (_WHO, _NOBODY) if self._named else (_FIRST, _WRONG)
        if said is None:
            await _show(send, 401, self._form(asked[0]))
        # Right words cost nothing: behind one address a whole office comes in at nine.
        elif not self._may("password", scope, 0):
            await _show(send, 429, self._form(_TOO_MANY, user))
        elif not (
            # Of a name that is not there one is compared too, in the same time.
            hmac.compare_digest(
                said.encode(), self._passwords.get(user, secrets.token_hex()).encode()
            )
        ):
            self._may("password", scope)
            await _show(send, 401, self._form(asked[1], user))
        else:
            secure = "; Secure" if scope.get("scheme") == "https" else ""
            ours = next(sign for sign, name in self._signs.items() if name == user)
            # Browsers do not part ports: two desks of one machine would put each other's users out.
            port = (scope.get("server") or ("", ""))[1]
            sign = (
                f"{COOKIE}-{port}={ours}; Path=/; Max-Age={REMEMBERED}; HttpOnly; SameSite=Strict"
            )
            there = [
                (b"location", _address(scope, others).encode("latin-1")),
                (b"set-cookie", f"{sign}{secure}".encode()),
            ]
            await _show(send, 303, "", there)

    def _form(self, said: str, user: str = "") -> str:
        """What asks for name and password, with the name that was given, and the cursor where to go on."""
        here, named = " autofocus", ""
        if self._named:
            named = _NAMED.format(user=escape(user[:64]), focus="" if user else here)
        return _ASKS.format(said=said, named=named, focus=here if user or not self._named else "")


def _address(scope: Any, query: list[tuple[str, str]]) -> str:
    """The page's own address, with what was asked of it written anew."""
    return "/" + ("?" + urlencode(query) if query else "")


def _from_elsewhere(headers: dict[bytes, str]) -> bool:
    """Whether somebody follows a link of another page, in a window of its own."""
    return (
        headers.get(b"sec-fetch-site") in ("cross-site", "same-site")
        and headers.get(b"sec-fetch-mode") == "navigate"
        and headers.get(b"sec-fetch-dest") == "document"
    )


def host_allowed(host: str, names: frozenset[str] = frozenset()) -> bool:
    """Whether a Host header names this machine: an address, localhost, its own name or one of ``names``.

    A foreign name that was made to point here (DNS rebinding) is refused; an address cannot be.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host
    name = name.strip("[]").lower()
    if name in ("localhost", socket.gethostname().lower()) or name in names:
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


async def _show(
    send: Any, status: int, body: str, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    """A small page that needs nothing and begins nothing."""
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-store"),
        *(more or ()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": _SHEET.format(body=body).encode()})


async def _body(receive: Any) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(parts)


def _limited(receive: Any) -> Any:
    # A body without a stated length is counted as it comes, and one that never ends is given up.
    count, whole, until = 0, False, time.monotonic() + BODY_WITHIN

    async def counted() -> Any:
        nonlocal count, whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), until - time.monotonic())
        except TimeoutError:
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            count += len(message.get("body", b""))
            whole = not message.get("more_body", False)
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
