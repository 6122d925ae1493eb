"""The core month as this engine lives it, under benchmarks/scenarios/core_month.yaml."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from peers.rules import INDICATORS
from peers.world import World
from sim.compose import load
from sim.config import Config
from sim.model import NeighborhoodModel
from sim.outcomes import column
from sim.processes.notes import NOTES

HERE = Path(__file__).resolve().parents[1]
HOUSEHOLDS_PER_BUILDING = 88


def configuration(households: int, threads: int = 1, months: int = 60) -> Config:
    """The engine's configuration of the core month."""
    return load(
        "core_month",
        config_dir=HERE,
        months=months,
        population={
            "households": households,
            "buildings": max(households // HOUSEHOLDS_PER_BUILDING, 1),
        },
        executor={"threads": threads},
    )


class Core:
    """One compound, which draws its own start; ``run`` gives its indicators (months, 5)."""

    def __init__(self, world: World | int, seed: int, threads: int = 1) -> None:
        households = world if isinstance(world, int) else len(world)
        self.model = NeighborhoodModel(configuration(households, threads), seed=seed)

    def run(self, months: int) -> np.ndarray:
        for _ in range(months):
            self.model.step()
        recorder = self.model.recorder
        notes, values = recorder.notes[-months:, 0], recorder.values[-months:, 0]
        # The model's own rate is of twelve months' bills; this one is of the month's.
        paid = notes[:, NOTES.index("collected_fen")] / notes[:, NOTES.index("due_fen")]
        return np.column_stack([paid, *(values[:, column(name)] for name in INDICATORS[1:])])
