"""A model in which measures reach a half of the households of each compound, drawn by lot, as in a field trial.

Measures act on compounds. Here a month's household processes, from judging the service to paying the bill, are
lived twice from the same state and with the same luck: once with the named values as the measures left them, once
with those they changed set back. Those drawn keep the first outcome, the others the second. So treated and control
live in one compound, see each other, and differ by nothing but the measure. Hours and service, which a compound
has but once, are the same for both; so are problems, moves and the ladder of conflict, which come outside of these
processes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sim.build import month_of
from sim.config import Config
from sim.model import NeighborhoodModel
from sim.month import BEFORE_MEASURES
from sim.own import usual_month
from sim.streams import Streams, own_stream
from sim.world.process import Month, python
from sim.world.runner import Runner

FIRST, LAST = "perceive", "pay"
"""The household processes that are lived for each half."""

AFTER_MEASURES = "cells.settle"

_LOT = own_stream("trial")


class Halves(NeighborhoodModel):
    """A neighbourhood in which measures reach only some households of each compound.

    Args:
        config: What is lived; its measures are the treatment.
        seed: Seed of this run.
        share: Share of households treated.

    Attributes:
        treated: Households (households,) that the measures reach.
        touched: Those of them on whom a measure acted itself and not by named values: who was sued or written to.
    """

    def __init__(self, config: Config, *, seed: int, share: float = 0.5) -> None:
        super().__init__(config, seed=seed)
        n = len(self.households)
        self.treated = Streams(seed).uniform(_LOT, 0, n)[0] < share
        self.touched = np.zeros(n, bool)
        self._starts = min(measure.start for measure in self.measures)
        self._parted = False

    def live_until(self, month: int) -> None:
        """Live on up to a month; until a measure starts, as any model does."""
        super().live_until(min(month, max(self._starts - 1, self.month)))
        if month > self.month and not self._parted:
            halved = self._halved(usual_month())
            lived = month_of(self.config, self.measures, halved)
            self._runner = Runner(self.world, lived, self.measures, self.config.executor.threads)
            self._parted = True
        super().live_until(month)

    def _halved(self, month: Month) -> Month:
        month = month.replace(BEFORE_MEASURES, python(self._keep, BEFORE_MEASURES))
        month = month.before(AFTER_MEASURES, python(self._part, "part"))
        a, b = month.at(FIRST), month.at(LAST) + 1
        lived = month.processes[a:b]
        again = (replace(process, name=f"{process.name} (control)") for process in lived)
        return Month(
            (
                *month.processes[:a], python(self._begin, "begin treated"), *lived,
                python(self._set_back, "begin control"), *again, python(self._join, "join"),
                *month.processes[b:],
            )
        )  # fmt: skip

    def _columns(self, world: Any) -> dict[str, np.ndarray]:
        h = world.tables["households"]
        return {name: getattr(h, name) for name in h.columns}

    def _keep(self, world: Any) -> None:
        """What streets offer, and then everything as it is before measures act."""
        for street in world.tables["streets"]:
            street.offer()
        self._before = {name: column.copy() for name, column in self._columns(world).items()}
        self._usual_values = world.signals.numbers.copy()

    def _part(self, world: Any) -> None:
        """Undo for the control what measures did to households themselves; note which values they changed."""
        acted = np.zeros(len(self.treated), bool)
        for name, column in self._columns(world).items():
            before = self._before[name]
            rows = (column != before).reshape(len(column), -1).any(axis=1)
            column[rows & ~self.treated] = before[rows & ~self.treated]
            acted |= rows
        self.touched |= acted & self.treated
        self._changed = world.signals.numbers != self._usual_values

    def _begin(self, world: Any) -> None:
        self._before = {name: column.copy() for name, column in self._columns(world).items()}

    def _set_back(self, world: Any) -> None:
        columns = self._columns(world)
        self._after = {name: column.copy() for name, column in columns.items()}
        for name, column in columns.items():
            column[...] = self._before[name]
        values = world.signals.numbers
        self._values = values.copy()
        values[self._changed] = self._usual_values[self._changed]

    def _join(self, world: Any) -> None:
        for name, column in self._columns(world).items():
            column[self.treated] = self._after[name][self.treated]
        world.signals.numbers[...] = self._values
