"""Runs that all sessions of the desk share: what one has asked for, no other waits for again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakSet

from sim.config import Config
from sim.desk import live
from sim.desk.lanes import Lanes
from sim.desk.live import Film, Lived

BATCH_HOUSEHOLDS = 4_000
"""Households of the runs in one batch: a fraction of a second's work."""

MOST_RUNS = 6_000
"""Runs remembered, about 35 kB each; beyond, those that no page shows are forgotten, oldest first."""

MOST_SHOWN = 30_000
"""Runs beyond which pages lose theirs too; sixty pages with three policies each stay below."""


@dataclass(frozen=True)
class Asked:
    """A configuration to be lived.

    Attributes:
        compound: Fingerprint without measures.
        key: Fingerprint with them.
        config: The configuration.
    """

    compound: str
    key: str
    config: Config


class Holder(Protocol):
    """Whoever shows runs, which are kept for it meanwhile."""

    def held(self) -> frozenset[str]:
        """Keys of what it shows."""


class Bench:
    """Lives configurations under many seeds, batch by batch, and remembers the runs.

    Args:
        lanes: Processes to live them in.
    """

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self._runs: OrderedDict[str, dict[int, Lived]] = OrderedDict()
        self._filmed: OrderedDict[tuple[str, int], Film] = OrderedDict()
        self.working = 0
        """Sessions that wait for runs now."""
        self.holders: WeakSet[Holder] = WeakSet()
        """Open pages, whose runs are not forgotten."""

    def lived(self, asked: Asked, seeds: Sequence[int]) -> list[Lived]:
        """Runs there are of a configuration, in the order of the seeds."""
        known = self._runs.get(asked.key, {})
        return [known[seed] for seed in seeds if seed in known]

    async def run(
        self, asked: Sequence[Asked], seeds: Sequence[int], told: Callable[[], None]
    ) -> None:
        """Live what is not there yet; cancel the task to stop after the batch under way.

        Args:
            asked: What to live; a seed is lived for all before the next seed is begun.
            seeds: Seeds to live it under.
            told: Called after every batch.

        Raises:
            InputError: Input that the model refuses.
        """
        self.working += 1
        for one in asked:
            if one.key in self._runs:
                self._runs.move_to_end(one.key)
        try:
            await asyncio.gather(
                *(self._fill(lane, asked, seeds, told) for lane in range(self.lanes.count))
            )
        finally:
            self.working -= 1

    async def _fill(
        self, lane: int, asked: Sequence[Asked], seeds: Sequence[int], told: Callable[[], None]
    ) -> None:
        mine = [seed for seed in seeds if seed % self.lanes.count == lane]
        wanted = [(one, seed) for seed in mine for one in asked]
        while wanted:
            wanted = [
                (one, seed) for one, seed in wanted if seed not in self._runs.get(one.key, {})
            ]
            if not wanted:
                return
            size = max(1, BATCH_HOUSEHOLDS // wanted[0][0].config.population.households)
            batch, wanted = wanted[:size], wanted[size:]
            configs = [(one.compound, one.config) for one, _ in batch]
            lived = await self.lanes.call(lane, live.live, configs, [seed for _, seed in batch])
            for (one, _), run in zip(batch, lived, strict=True):
                self._keep(one.key, run)
            told()

    def _keep(self, key: str, run: Lived) -> None:
        self._runs.setdefault(key, {})[run.seed] = run
        self._runs.move_to_end(key)
        self._forget()

    def _forget(self) -> None:
        number = sum(map(len, self._runs.values()))
        if number <= MOST_RUNS:
            return
        shown = frozenset().union(*(holder.held() for holder in self.holders))
        for key in [key for key in self._runs if key not in shown]:
            if number > MOST_RUNS:
                number -= len(self._runs.pop(key))
        while number > MOST_SHOWN and len(self._runs) > 1:
            number -= len(self._runs.popitem(last=False)[1])

    async def film(self, asked: Asked, seed: int) -> Film:
        """One run household by household."""
        key = (asked.key, seed)
        if key not in self._filmed:
            film = await self.lanes.call(seed, live.film, asked.compound, asked.config, seed)
            self._filmed[key] = film
            while len(self._filmed) > 20:
                self._filmed.popitem(last=False)
        return self._filmed[key]
