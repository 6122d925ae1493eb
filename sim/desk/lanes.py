"""Processes that live the desk's runs: one lane each, so that a seed finds its remembered past.

The page's event loop never computes. A lane takes one small batch at a time, in the order in which
batches are handed in; whoever waits for a batch hands in the next one when it is done. So users take
turns, and a job that is given up stops after the batch that is under way.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, TypeVar

from sim.leaving import unheard

Answer = TypeVar("Answer")

ATTEMPTS = 3
"""Times a batch is tried when the process that had it was ended from outside."""

PATIENCE = 1.0
"""Seconds between two looks at whether a job can still be answered."""

BEHIND = 5
"""How far the processes stand behind the page where all cores are taken (niceness)."""


class Lanes:
    """A fixed number of worker processes, each with its own queue.

    Args:
        count: How many; one per core by default.
        plugins: Files of the user's own that each process runs before all else.
    """

    def __init__(self, count: int | None = None, plugins: Sequence[Path] = ()) -> None:
        self.count, self._plugins = count or os.cpu_count() or 1, tuple(plugins)
        self._pools = [self._new_pool() for _ in range(self.count)]
        self._closed = False

    async def call(self, lane: int, function: Callable[..., Answer], *arguments: object) -> Answer:
        """Compute something in a lane.

        Args:
            lane: Any number; lanes are taken round.
            function: Importable by the process.
            *arguments: Its arguments.

        Raises:
            RuntimeError: The process was ended from outside again and again.
            asyncio.CancelledError: All of them are closed.
        """
        place = lane % self.count
        for _ in range(ATTEMPTS):
            if self._closed:
                break
            pool = self._pools[place]
            try:
                with unheard():
                    future = pool.submit(function, *arguments)
                return await _answer(pool, future)
            except BrokenProcessPool:
                # Whoever sees it first replaces it; the others find the new one.
                if self._pools[place] is pool and not self._closed:
                    self._pools[place] = self._new_pool()
        if self._closed:
            # The desk ends: nobody waits for an answer, and nothing has failed.
            raise asyncio.CancelledError
        raise RuntimeError("a worker process was ended from outside, again and again")

    async def spread(
        self,
        function: Callable[..., Answer],
        work: Mapping[int, Sequence[object]],
        landed: Callable[[int], None],
    ) -> list[Answer]:
        """Compute something for many numbers, one at a time in each lane: others take their turns between.

        Args:
            function: Importable by the process.
            work: Its arguments by number, which says the lane.
            landed: Is told how many are there, whenever there is one more.

        Returns:
            Answers in the order of the numbers as they are given.

        Raises:
            RuntimeError: A process was ended from outside again and again.
        """
        found: dict[int, Answer] = {}

        async def fill(lane: int) -> None:
            for number in [number for number in work if number % self.count == lane]:
                found[number] = await self.call(lane, function, *work[number])
                landed(len(found))

        await asyncio.gather(*(fill(lane) for lane in range(self.count)))
        return [found[number] for number in work]

    async def warm(self) -> None:
        """Start all processes and load their rules; what has to be compiled they share out."""
        from sim.desk import live  # Slow to import, and a process that makes reports needs none.

        await asyncio.gather(*(self.call(lane, live.warm) for lane in range(self.count)))

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_begin, initargs=(self._plugins,)
        )

    def close(self) -> None:
        """End all processes, whatever they are doing."""
        self._closed = True
        for pool in self._pools:
            processes, keeper = list((pool._processes or {}).values()), _keeper(pool)
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            if keeper is not None:
                # Waited for, or Python's own end would find it half taken down and say so.
                keeper.join(PATIENCE)


async def _answer(pool: ProcessPoolExecutor, future: Future[Answer]) -> Answer:
    """Wait for an answer, or until nobody is left who could give it.

    Raises:
        BrokenProcessPool: The process was ended from outside.
    """
    waiting = asyncio.wrap_future(future)
    try:
        while not (await asyncio.wait({waiting}, timeout=PATIENCE))[0]:
            keeper = _keeper(pool)
            # Python 3.11's pool dies of a job that was given up when its process is ended, and
            # leaves all other jobs without an answer.
            if keeper is not None and not keeper.is_alive() and not future.done():
                raise BrokenProcessPool("the process was ended from outside")
        return waiting.result()
    finally:
        waiting.cancel()


def _keeper(pool: ProcessPoolExecutor) -> threading.Thread | None:
    keeper: Any = pool._executor_manager_thread  # Said to be something else where types are told.
    return keeper


def _begin(plugins: tuple[Path, ...]) -> None:
    # The page comes first: a browser that hears nothing for seconds takes its line for broken.
    with suppress(AttributeError, OSError):
        os.nice(BEHIND)
    # Ctrl-C is the page's to handle, and a worker must not outlive it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if plugins:
        from sim.plugins import load_plugins

        load_plugins(plugins)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
