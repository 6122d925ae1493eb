"""Browsers of office machines: the shim's texts, and the desk in engines of Qt where some are named.

``XIAOQU_QT=python1:python2`` names interpreters with PyQtWebEngine 5.15 (Chromium 87) or PySide6 6.3 (94).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nicegui")

from nicegui import core

from sim.desk import old_browsers
from sim.desk.old_browsers import Addressed, addressed
from sim.desk.words import WORDS


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    """As NiceGUI is once it serves."""
    monkeypatch.setattr(core.app.config, "prod_js", True, raising=False)


ENGINES = [name for name in os.environ.get("XIAOQU_QT", "").split(":") if name]


def test_modules_named_without_an_address_get_it() -> None:
    """Catches an import that needs an import map, and words of a page that look like one."""
    text = 'import * as Vue from "vue";\nimport x from "./own.js";\nimport"dompurify";\nsaid = "from \\"vue\\""'
    found = addressed(text)
    assert re.search(r'import \* as Vue from "/_nicegui/[^"]*/vue\.esm-browser[^"]*\.js"', found)
    assert 'from "./own.js"' in found and 'from \\"vue\\"' in found and "/dompurify.mjs" in found


def answered(path: str, kind: bytes, *parts: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """What comes through of an answer in parts."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        length = (b"content-length", str(len(b"".join(parts))).encode())
        headers = [(b"content-type", kind), length, (b"x", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number, part in enumerate(parts, start=1):
            more = number < len(parts)
            await send({"type": "http.response.body", "body": part, "more_body": more})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Addressed(app)({"type": "http", "path": path}, None, send))
    body = b"".join(one["body"] for one in sent if one["type"] == "http.response.body")
    return dict(sent[0]["headers"]), body


def test_answers_keep_their_length_and_others_are_left_alone() -> None:
    """Catches a page cut short: its length is another once addresses stand in it."""
    parts = (b"import * as Vue fr", b'om "vue"; //\xe5\xb0', b"\x8f")
    headers, body = answered("/", b"text/html; charset=utf-8", *parts)
    assert b"_nicegui" in body and body.endswith("小".encode())
    assert headers[b"content-length"] == str(len(body)).encode() and headers[b"x"] == b"1"
    for path, kind in (("/x.js", b"text/javascript"), ("/", b"image/png")):
        headers, body = answered(path, kind, *parts)
        assert body == b"".join(parts) and headers[b"content-length"] == str(len(body)).encode()


def test_the_script_says_in_one_line_what_is_needed() -> None:
    for language in ("zh", "en"):
        script = old_browsers.head(WORDS[language]["needs"])
        assert json.dumps(WORDS[language]["needs"]) in script and "NEEDS" not in script
    # Old engines must be able to read it, so as to say it.
    plain = re.sub(r'//.*|"[^"]*"', "", script)
    assert not re.search(r"=>|`|\b(let|const|class)\b|\?\.|\?\?", plain)


# --- real engines -------------------------------------------------------------------------------


def told(engine: str, address: str, picture: Path, *scripts: str) -> tuple[list[Any], list[str]]:
    """What scripts give in an engine one after the other, and what its console says."""
    words = [engine, str(Path(__file__).with_name("qt_page.py")), address, str(picture), *scripts]
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(words, capture_output=True, text=True, env=plain, timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert picture.is_file(), done.stderr[-2000:]
    return (
        [line["told"] for line in lines if "told" in line],
        [line["console"] for line in lines if "console" in line],
    )


LOOK = """JSON.stringify({
  head: getComputedStyle(document.querySelector('.desk-head .q-btn')).backgroundColor,
  icon: getComputedStyle(document.querySelector('.q-icon')).fontFamily,
  canvas: document.querySelectorAll('canvas').length,
  wide: document.documentElement.scrollWidth <= innerWidth,
  status: document.querySelector('.status').innerText})"""


@pytest.mark.slow
@pytest.mark.skipif(not ENGINES, reason="XIAOQU_QT names no Python with an old engine")
@pytest.mark.parametrize("engine", ENGINES)
def test_the_desk_looks_and_lives_in_an_old_engine(engine: str, tmp_path: Path) -> None:
    """Catches a page without its look, or without curves, where layers and import maps are unknown."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "sim", "desk", "--no-browser", "--port", str(port)]
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=env) as desk:
        assert desk.stderr is not None and "http" in desk.stderr.readline()
        try:
            steps = [
                f"document.querySelector('[data-step={s}]').click(); 1"
                for s in ("measures", "results")
            ]
            found, console = told(
                engine, f"http://127.0.0.1:{port}/", tmp_path / "desk.png", *steps, LOOK
            )
        finally:
            desk.terminate()
            desk.wait(20)
    look = json.loads(found[-1])
    assert look["head"] == "rgba(0, 0, 0, 0)" and "Material Icons" in look["icon"]
    assert look["canvas"] > 0 and look["wide"], look
    assert not console
