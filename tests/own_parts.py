"""A model, a measure and an event of somebody's own, each with state that a fork might leave behind."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.config import Config
from sim.measures import Measure, MeasureParameters, register
from sim.model import NeighborhoodModel
from sim.schema import param


class Mediator:
    """Knows the model it works in, and counts."""

    def __init__(self, model: NeighborhoodModel) -> None:
        self.model, self.visits = model, 0

    def work(self) -> None:
        """Calm everybody a little more each month."""
        self.visits += 1
        self.model.households.grievance[:] *= 1.0 - 0.001 * self.visits


class Own(NeighborhoodModel):
    """Keeps state in every way that a class may."""

    def __init__(
        self, config: Config | None = None, *, seed: int | None = None, **keys: Any
    ) -> None:
        super().__init__(config, seed=seed, **keys)
        self.memory = np.zeros(len(self.households))
        self.habits = self.households.habit
        self.diary: list[float] = []
        self.mediator = Mediator(self)
        for compound in self.compounds:
            compound.pot = 0.0  # type: ignore[attr-defined]

    def step(self) -> None:
        """Live a month, then let all that was added act on it."""
        super().step()
        self.memory += self.households.satisfaction
        self.diary.append(self.random.random() + float(self.rng.random()))
        self.habits += 0.001 * sum(self.diary) + 1e-4 * self.memory
        np.minimum(self.habits, 1.0, out=self.habits)
        self.mediator.work()
        for compound in self.compounds:
            compound.pot += 1.0  # type: ignore[attr-defined]
            compound.condition[0] *= 1.0 - 1e-4 * compound.pot  # type: ignore[attr-defined]


@register
class Lottery(Measure):
    """Costs more with every month."""

    name, en, zh = "own_lottery", "Lottery", "抽奖"

    class Parameters(MeasureParameters):
        """Its prize."""

        prize: float = param(3.0, "Prize", unit="yuan", low=0, high=100, zh="奖金")

    def __init__(self, label: str, parameters: Any) -> None:
        super().__init__(label, parameters)
        self.months = 0

    def strength(self, month: int) -> float:
        """In full whatever the month: the model sees to the start."""
        return float(self.p.dose)

    def act(self, compound: Any, strength: float) -> None:
        """Give prizes."""
        self.months += 1
        compound.signals["appeal"] += 0.1 * strength
        compound.spend(self.label, "firm", yuan=self.p.prize * self.months)


@register
class Fatigue(Measure):
    """An event that grows with every month."""

    name, en, zh, kind = "own_fatigue", "Fatigue", "疲劳", "event"

    def __init__(self, label: str, parameters: Any) -> None:
        super().__init__(label, parameters)
        self.months = 0

    def act(self, compound: Any, strength: float) -> None:
        """Wear the compound down."""
        self.months += 1
        compound.condition[:] *= 1.0 - 0.002 * self.months
