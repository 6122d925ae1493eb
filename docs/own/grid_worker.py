"""An actor in plain Python: a grid worker who goes where most problems are, and keeps a diary.

xiaoqu run grid_worker.finds=0.5 --plugin docs/own/grid_worker.py
"""

from __future__ import annotations

import numpy as np

from sim.own import Actor, Parameters, column, give_actor, give_parameters, link, param


class GridWorkerParameters(Parameters):
    """What a grid worker finds, and takes for it."""

    finds: float = param(
        0.3, "Chance to find a problem where it goes", unit="1/month", low=0, high=1
    )
    hours: float = param(30.0, "Hours of a month", unit="hour/month", low=0, high=400)


give_parameters("grid_worker", GridWorkerParameters)


class GridWorker(Actor, table="grid_workers", parameters="grid_worker"):
    """The grid worker of one compound."""

    tired: float = column("f8", "1", "0 to 1", "how tired it is")

    compound = link("compounds")

    def begin(self) -> None:
        """Open a diary: what is no number may stand on the actor itself, and forks copy it too."""
        self.diary: list[tuple[int, int]] = []

    def act(self, draws: tuple[float, float, float, float]) -> None:
        """Walk to the building with most open problems, unless too tired; write it down."""
        compound = self.compound
        if draws[0] < self.tired:
            self.tired = 0.0
            return
        self.tired = min(self.tired + 0.1, 1.0)
        open_problems = self.world.buildings.open[compound.buildings]
        compound.signals.detect_grid += self.p.finds / max(len(open_problems), 1)
        compound.spend("grid worker", "community", hours=self.p.hours)
        self.diary.append((compound.month, int(np.argmax(open_problems))))


give_actor(GridWorker, after="streets.offer")
