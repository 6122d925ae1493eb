"""Many visitors at a desk without browsers: do answers stay quick and memory flat?

``python benchmarks/desk_load.py --users 20 50 --seconds 600`` starts a desk of its own, opens the page
for each visitor with a policy of its own, keeps its websocket, walks through the steps and opens the
page anew now and then, as a browser would. Tells percentiles of both waits, errors, the desk's memory
by tenths of the time, and how the desk ended and what it said. Ends with exit code 1 on any error.
Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import socketio

from sim.desk.compound import named_policy
from sim.desk.session import Session, as_link

STEPS = ("compound", "measures", "results", "report")

PAUSE = 4.0
"""Seconds that a visitor looks at a step, as a mean."""


def link(user: int) -> str:
    """A session whose runs nobody else has asked for."""
    plan = named_policy("five_level_linkage", "A")
    first = plan.measures[0].model_copy(update={"dose": 0.5 + user / 100})
    measures = [first, *plan.measures[1:]]
    return as_link(Session(policies=[plan.model_copy(update={"measures": measures})]))


def resident(process: int) -> float:
    """Resident memory of a process, MB."""
    told = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", told)[0]) / 1024


RETRIES = 5
"""Times that a page tries to open its websocket, as a browser does."""


class Page:
    """A page and its websocket, as a browser has them.

    Args:
        address: Of the desk.
        session: As letters of a link.
    """

    def __init__(self, address: str, session: str) -> None:
        self.address, self.session = address, session
        self.joined = 0
        """Times the websocket was opened: more than one where the line broke, as under load."""
        self._heard: list[dict[str, Any]] = []
        self._news, self._broke = asyncio.Event(), False

    def _listen(self, event: str, told: Any) -> None:
        if event == "update":
            self._heard.append({str(element): what for element, what in told.items()})
            self._news.set()
        if isinstance(told, dict) and "_id" in told:
            self._next = told["_id"] + 1

    def _break(self, *_: object) -> None:
        self._broke = True
        self._news.set()

    async def _join(self) -> None:
        """Open the websocket, or open it again where it broke, as a browser does."""
        query = {"client_id": self._client, "next_message_id": self._next, "old_tab_id": None,
                 "document_id": f"d{self._client}", "tab_id": f"t{self._client}"}  # fmt: skip
        self._broke = False
        for attempt in range(RETRIES):
            self.line = socketio.AsyncClient(reconnection=False)
            self.line.on("*", self._listen)
            self.line.on("disconnect", self._break)
            try:
                await self.line.connect(
                    self.address, socketio_path="/_nicegui_ws/socket.io", wait_timeout=10,
                    transports=["websocket"],
                )  # fmt: skip
                break
            except socketio.exceptions.ConnectionError:
                if attempt == RETRIES - 1:
                    raise
                await asyncio.sleep(1.0)
        if not await self.line.call("handshake", query, timeout=60):
            raise RuntimeError("the desk has given the page up")
        self.joined += 1

    async def _until(self, heard: Callable[[dict[str, Any]], bool], since: int = 0) -> None:
        async with asyncio.timeout(60):
            while not any(heard(told) for told in self._heard[since:]):
                if self._broke:
                    await self._join()
                self._news.clear()
                await self._news.wait()
        # As a browser does, or the desk would keep what it sent for a browser that comes back.
        await self._send("ack", {"client_id": self._client, "next_message_id": self._next})

    async def _send(self, event: str, what: dict[str, Any]) -> None:
        if self._broke:
            await self._join()
        await self.line.emit(event, what)

    async def __aenter__(self) -> Page:
        """Open the page and its websocket."""
        async with (
            aiohttp.ClientSession() as web,
            web.get(f"{self.address}?s={self.session}") as answer,
        ):
            text = await answer.text()
            answer.raise_for_status()
        self._client = re.findall(r"'client_id': '([^']+)'", text)[0]
        self._steps, self._next = buttons(text), 0
        await self._join()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Leave."""
        await self.line.disconnect()

    async def click(self, step: str) -> None:
        """Go to a step and wait until the page says that it is there."""
        element, listener = self._steps[step]
        since = len(self._heard)
        event = {"id": element, "client_id": self._client, "listener_id": listener, "args": ["{}"]}
        await self._send("event", event)

        def there(told: dict[str, Any]) -> bool:
            button = told.get(str(element)) or {}
            return button.get("props", {}).get("aria-current") == "step"

        await self._until(there, since)

    async def hear(self, text: str) -> None:
        """Wait until the page has said something."""
        await self._until(lambda told: text in str(told))


class Visitor:
    """One visitor, with a policy of its own."""

    def __init__(self, user: int, address: str, told: dict[str, list[Any]]) -> None:
        self.user, self.address, self.told = user, address, told

    async def stay(self, until: float) -> None:
        """Open the page, walk through its steps, leave, and again."""
        luck = random.Random(self.user)
        await asyncio.sleep(luck.random() * 15)
        while time.monotonic() < until:
            try:
                await self._visit(luck, min(until, time.monotonic() + 60 + 60 * luck.random()))
            except Exception as error:
                self.told["errors"].append(f"{type(error).__name__}: {error}")
                if len(self.told["errors"]) <= 3:
                    traceback.print_exc(limit=-3)
                await asyncio.sleep(PAUSE)

    async def _visit(self, luck: random.Random, until: float) -> None:
        begun = time.monotonic()
        async with Page(self.address, link(self.user)) as page:
            self.told["page"].append(time.monotonic() - begun)
            while time.monotonic() < until:
                await asyncio.sleep(PAUSE * 2 * luck.random())
                begun = time.monotonic()
                await page.click(luck.choice(STEPS))
                self.told["click"].append(time.monotonic() - begun)
            self.told["broken lines"].append(page.joined - 1)


@contextmanager
def started(port: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A desk of its own on this machine: its process and address. Says how it ended."""
    command = [sys.executable, "-m", "sim", "desk", "--no-browser", "--port", str(port)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            _wait_until_up(process, port)
            yield process, f"http://127.0.0.1:{port}/"
        finally:
            by_itself = process.poll()
            process.send_signal(signal.SIGINT)
            ended = process.wait(60)
            said.seek(0)
            text = said.read().decode(errors="replace").strip()
            print(f"the desk ended by itself with {by_itself}" if by_itself is not None else
                  f"the desk was stopped and ended with {ended}")  # fmt: skip
            print(f"it said: {text[-3000:]}")


def _wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 180
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise SystemExit("the desk did not start")


def buttons(text: str) -> dict[str, tuple[int, str]]:
    """Element and listener of each step's button in a page."""
    raw = re.findall(r"parseElements\((?:String\.raw)?`(.*?)`\)", text, re.DOTALL)[0]
    for code, character in (
        ("&#36;", "$"),
        ("&#96;", "`"),
        ("&gt;", ">"),
        ("&lt;", "<"),
        ("&amp;", "&"),
    ):
        raw = raw.replace(code, character)
    found = {}
    for number, element in json.loads(raw).items():
        clicks = [e for e in element.get("events", []) if e["type"] == "click"]
        step = element.get("props", {}).get("data-step")
        if step and clicks:
            found[step] = (int(number), clicks[0]["listener_id"])
    return found


async def load(users: int, seconds: float, address: str, process: int) -> dict[str, list[Any]]:
    """Let so many stay so long."""
    told: dict[str, list[Any]] = {
        name: [] for name in ("page", "click", "broken lines", "errors", "memory")
    }
    until = time.monotonic() + seconds
    visits = [asyncio.create_task(Visitor(u, address, told).stay(until)) for u in range(users)]
    while time.monotonic() < until:
        try:
            told["memory"].append(resident(process))
        except (OSError, IndexError):
            told["errors"].append("the desk's process is gone")
            break
        await asyncio.sleep(1.0)
    await asyncio.gather(*visits)
    return told


def tell(told: dict[str, list[Any]]) -> None:
    """Print waits, memory and errors."""
    for what in ("page", "click"):
        at = np.percentile(told[what], (50, 95, 99)) if told[what] else (np.nan,) * 3
        times = ", ".join(f"{p} % within {t:.2f} s" for p, t in zip((50, 95, 99), at, strict=True))
        print(f"{what}: {len(told[what])}, {times}")
    tenths = [float(np.median(part)) for part in np.array_split(told["memory"], 10) if len(part)]
    print(
        "memory of the desk in each tenth of the time, MB: " + " ".join(f"{t:.0f}" for t in tenths)
    )
    print(f"{sum(told['broken lines'])} lines broke and were taken up again")
    counted = Counter(told["errors"]).most_common(5)
    print(f"{len(told['errors'])} errors {counted}", flush=True)


def main() -> None:
    """Load a desk and tell how it bore it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[20, 50])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--port", type=int, default=8522)
    asked = parser.parse_args()
    errors = 0
    for users in asked.users:
        with started(asked.port) as (process, address):
            print(f"{users} visitors for {asked.seconds:.0f} s", flush=True)
            told = asyncio.run(load(users, asked.seconds, address, process.pid))
            tell(told)
            errors += len(told["errors"])
    sys.exit(bool(errors))


if __name__ == "__main__":
    main()
