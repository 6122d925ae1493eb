"""What every actor is: a mesa agent whose attributes are columns of its row in the world."""

from __future__ import annotations

from typing import Any

import mesa

from sim.world.declare import Row, column


class Actor(Row, mesa.Agent):
    """One row of a table as a mesa agent; reading an attribute reads the row, setting one writes it."""

    of_kind: int = column(
        "i8", "index", "0 or more", "kind of compound whose parameters hold here", fixed=True
    )

    def __init__(self, world: Any, index: int) -> None:
        mesa.Agent.__init__(self, world.model)
        Row.__init__(self, world, index)
