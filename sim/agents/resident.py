"""A resident household as a mesa agent: a view of its row in the columns, made when somebody asks."""

from __future__ import annotations

from typing import Any

import mesa

from sim.world.tables import Households


class Resident(mesa.Agent):
    """One household; reading an attribute reads its row, setting one writes it.

    Example:
        ``model.agents_by_type[Resident][0].satisfaction``
    """

    def __init__(self, model: Any, row: int) -> None:
        # mesa's own attributes are set plainly; everything else goes to the columns.
        object.__setattr__(self, "row", row)
        super().__init__(model)

    def __getattr__(self, name: str) -> Any:
        if name not in Households.columns:
            raise AttributeError(f"a resident has no {name!r}")
        return getattr(self.model.world.households, name)[self.row].item()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Households.columns:
            getattr(self.model.world.households, name)[self.row] = value
        else:
            object.__setattr__(self, name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *Households.columns]

    @property
    def neighbours(self) -> list[Resident]:
        """Households it is tied to, whatever the strength of the tie."""
        ties, residents = self.model.world.ties, self.model.residents
        ends = ties.neighbour[ties.indptr[self.row] : ties.indptr[self.row + 1]]
        return [residents[int(k)] for k in ends]
