"""From which starts a compound ends well: starting collection by starting grievance.

Start states are painted on here, and only here; a scenario's own start is lived.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.config import Config, change
from sim.experiments.run import spread
from sim.outcomes import column
from sim.processes.service import PerLine

INDICATOR = "collection_rate"
UPKEEP = (1.0, 0.6, 0.2)
"""Condition of the compound at the start, relative to the scenario's own."""


def painted(config: Config, collection: float, grievance: float, upkeep: float) -> Config:
    """A configuration that begins at a given state; all it does not name is as it was.

    The habit of paying begins where collection does.
    """
    tree = config.resolved()
    condition = {
        f"service.start.{line}": float(getattr(config.service.start, line)) * upkeep
        for line in PerLine.model_fields
    }
    people = {"paid_start": collection, "habit_start": collection, "grievance_start": grievance}
    given = {f"population.{name}": float(value) for name, value in people.items()}
    return change(tree, {"scenario.history_months": 0, **given, **condition})


def _ends(config: Config, grid: int, seed: int) -> np.ndarray:
    """Fees collected over the last year (upkeep, collection, grievance) under one seed."""
    from sim.model import NeighborhoodModel

    marks = np.linspace(0.0, 1.0, grid)
    ends = np.zeros((len(UPKEEP), grid, grid))
    for place in np.ndindex(ends.shape):
        upkeep, collection, grievance = UPKEEP[place[0]], *(float(marks[k]) for k in place[1:])
        model = NeighborhoodModel(painted(config, collection, grievance, upkeep), seed=seed)
        model.run()
        ends[place] = known.mean(model.recorder.values[-12:, :, column(INDICATOR)])
    return ends


def basin(config: Config, grid: int, threshold: float, progress: bool = False) -> pd.DataFrame:
    """Live a generic estate from every start of a grid.

    Returns:
        A row per upkeep, collection and grievance at the start: mean fees collected in the last
        year over seeds in which they were due, and share of seeds that end above the threshold,
        where those in which none were due do not.
    """
    ends = np.array(spread(config, partial(_ends, config, grid), progress))
    marks = np.linspace(0.0, 1.0, grid)
    rows: list[dict[str, Any]] = []
    for u, c, g in np.ndindex(ends.shape[1:]):
        here = ends[:, u, c, g]
        rows.append(
            {"upkeep": UPKEEP[u], "collection": marks[c], "grievance": marks[g]}
            | {"seeds": len(here), "end": known.mean(here), "recovers": (here > threshold).mean()}
        )
    return pd.DataFrame(rows)
