"""Many visitors at a running desk without browsers: do answers stay quick and memory flat?

``xiaoqu desk --no-browser & python benchmarks/desk_load.py --users 20 --seconds 600`` opens the page
for each visitor with a policy of its own, keeps its websocket, walks through the steps and opens the
page anew now and then, as a browser would. Tells percentiles of both waits, errors, and the desk's
memory by tenths of the time. Ends with exit code 1 on any error. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import socketio

from sim.desk.compound import named_policy
from sim.desk.session import Session, as_link

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


class Visitor:
    """One visitor: a page and its websocket."""

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
                await asyncio.sleep(PAUSE)

    async def _visit(self, luck: random.Random, until: float) -> None:
        async with aiohttp.ClientSession() as web:
            begun = time.monotonic()
            async with web.get(f"{self.address}?s={link(self.user)}") as answer:
                text = await answer.text()
                answer.raise_for_status()
            self.told["page"].append(time.monotonic() - begun)
        client = re.findall(r"'client_id': '([^']+)'", text)[0]
        query = {"client_id": client, "next_message_id": 0, "document_id": f"d{client}",
                 "tab_id": f"t{client}", "old_tab_id": None}  # fmt: skip
        line, heard = socketio.AsyncClient(reconnection=False), asyncio.Event()
        line.on("update", lambda *_: heard.set())
        await line.connect(
            self.address, socketio_path="/_nicegui_ws/socket.io", transports=["websocket"]
        )
        try:
            if not await line.call("handshake", query, timeout=60):
                raise RuntimeError("the handshake was refused")
            steps = buttons(text)
            while time.monotonic() < until:
                await asyncio.sleep(PAUSE * 2 * luck.random())
                element, listener = luck.choice(steps)
                heard.clear()
                begun = time.monotonic()
                event = {"id": element, "client_id": client, "listener_id": listener, "args": [{}]}
                await line.emit("event", event)
                await asyncio.wait_for(heard.wait(), 60)
                self.told["click"].append(time.monotonic() - begun)
        finally:
            await line.disconnect()


def buttons(text: str) -> list[tuple[int, str]]:
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
    found = []
    for number, element in json.loads(raw).items():
        clicks = [e for e in element.get("events", []) if e["type"] == "click"]
        if "data-step" in element.get("props", {}) and clicks:
            found.append((int(number), clicks[0]["listener_id"]))
    return found


async def load(users: int, seconds: float, address: str, process: int) -> dict[str, list[Any]]:
    """Let so many stay so long."""
    told: dict[str, list[Any]] = {"page": [], "click": [], "errors": [], "memory": []}
    until = time.monotonic() + seconds
    visits = [asyncio.create_task(Visitor(u, address, told).stay(until)) for u in range(users)]
    while time.monotonic() < until:
        told["memory"].append(resident(process))
        await asyncio.sleep(1.0)
    await asyncio.gather(*visits)
    return told


def main() -> None:
    """Load the desk and tell how it bore it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--address", default="http://127.0.0.1:8520/")
    parser.add_argument("--process", type=int, required=True, help="number of the desk's process")
    asked = parser.parse_args()
    told = asyncio.run(load(asked.users, asked.seconds, asked.address, asked.process))
    for what in ("page", "click"):
        at = np.percentile(told[what], (50, 95, 99)) if told[what] else (np.nan,) * 3
        times = ", ".join(f"{p} % within {t:.2f} s" for p, t in zip((50, 95, 99), at, strict=True))
        print(f"{what}: {len(told[what])}, {times}")
    tenths = [float(np.median(part)) for part in np.array_split(told["memory"], 10) if len(part)]
    print(
        "memory of the desk in each tenth of the time, MB: " + " ".join(f"{t:.0f}" for t in tenths)
    )
    print(f"{len(told['errors'])} errors {sorted(set(told['errors']))[:5]}")
    sys.exit(bool(told["errors"]))


if __name__ == "__main__":
    main()
