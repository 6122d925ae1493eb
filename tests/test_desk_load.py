"""Many pages at a desk at once, held by websockets without browsers."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

pytest.importorskip("nicegui")

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import aiohttp
from desk_load import Page, started

from sim.desk.page import MOST_VISITS
from sim.desk.server import RECONNECT
from sim.desk.words import WORDS

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="as the load benchmark"),
    pytest.mark.xdist_group("desk"),
]


async def opened(address: str) -> bool:
    """Whether a newcomer gets a page."""
    async with aiohttp.ClientSession() as web, web.get(address) as answer:
        answer.raise_for_status()
        return WORDS["zh"]["full"] not in await answer.text()


async def crowd(address: str) -> tuple[bool, float]:
    """Fill the desk and leave: whether one more got in before, and how long it took afterwards."""
    async with AsyncExitStack() as stack:
        for _ in range(MOST_VISITS):
            await stack.enter_async_context(Page(address, ""))
        one_more = await opened(address)
    left = time.monotonic()
    while not await opened(address):
        await asyncio.sleep(1.0)
    return one_more, time.monotonic() - left


@pytest.mark.slow
def test_a_page_without_a_browser_takes_nobodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches places kept for browsers that might come back, and a desk without a limit."""
    # NiceGUI behaves otherwise where it sees pytest's mark.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with started(port) as (_, address):
        one_more, waited = asyncio.run(crowd(address))
    assert not one_more
    assert waited < RECONNECT / 2
