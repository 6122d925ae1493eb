"""Browsers from Chromium 86 on, which office machines have: what they lack of what NiceGUI takes for given.

Style sheets with layers (Chromium 99) are undone by a script at the page's head; it says in one line what is needed
where nothing helps. Modules named without an address (import maps, Chromium 89) are given their addresses here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from nicegui.dependencies import generate_resources

_KINDS = (b"text/html", b"text/javascript", b"application/javascript")
_LARGEST = 2**20
"""Bytes of a component: what is larger is a library, whole in itself."""


def head(needs: str) -> str:
    """The script for the page's head.

    Args:
        needs: The line that is said where the page cannot run.
    """
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return f"<script>{script.replace('NEEDS', json.dumps(needs))}</script>"


class Addressed:
    """An ASGI application around another, in whose modules names are replaced by addresses."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == "/" or "/components/" in path):
            await self.app(scope, receive, send)
            return
        begun: dict[str, Any] = {}
        parts: list[bytes] = []

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            body, kind = b"".join(parts), dict(begun["headers"]).get(b"content-type", b"")
            if kind.startswith(_KINDS) and len(body) < _LARGEST:
                body = addressed(body.decode("utf-8")).encode("utf-8")
                others = [pair for pair in begun["headers"] if pair[0] != b"content-length"]
                begun["headers"] = [*others, (b"content-length", str(len(body)).encode())]
            await send(begun)
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, sent)


def addressed(text: str) -> str:
    """A module, or a page with some in it, whose imports by name have addresses."""
    known = generate_resources("", [])[3]

    def put(found: re.Match[str]) -> str:
        return f'{found[1]} "{known.get(found[2], found[2])}"'

    return re.sub(r'\b(from|import) ?"([a-z][\w-]*)"', put, text)
