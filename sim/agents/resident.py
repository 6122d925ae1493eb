"""A resident household as a mesa agent: a view of its row in the columns, made when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa

if TYPE_CHECKING:
    from sim.society.population import Households


class Resident(mesa.Agent):
    """One household; reading an attribute reads its row, setting one writes it.

    Example:
        ``model.agents_by_type[Resident][0].satisfaction``
    """

    def __init__(self, model: mesa.Model, households: Households, row: int) -> None:
        # mesa's own attributes are set plainly; everything else goes to the columns.
        object.__setattr__(self, "households", households)
        object.__setattr__(self, "row", row)
        super().__init__(model)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("households", "row"):
            raise AttributeError(name)
        return getattr(self.households, name)[self.row].item()

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(self.households, name):
            getattr(self.households, name)[self.row] = value
        else:
            object.__setattr__(self, name, value)
