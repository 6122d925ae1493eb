"""The developer (开发商): promised facilities not built, fees unpaid on vacant units."""

from __future__ import annotations

from sim.actors.actor import Actor
from sim.world.declare import column, link
from sim.world.native import register_row, rule


@register_row
class Developer(Actor, table="developers", parameters="developer"):
    """The developer of one compound."""

    kind: int = column("i8", "index", "0 or more", "which set of parameters holds here", fixed=True)
    legacy: float = column("f8", "1", "0 to 1", "weight of broken promises on daily life")
    pays_vacant: float = column("f8", "1", "0 to 1", "chance that the fee of a vacant unit is paid")

    compound = link("compounds")

    @rule
    def offer(self) -> None:
        """Set the named values that the developer stands for."""
        s = self.compound.signals
        s.legacy = self.legacy
        s.developer_pays = self.pays_vacant

    @rule
    def decide(self, chance: tuple[float, ...]) -> None:
        """Let the legacy fade, and mend a part of it under pressure.

        Args:
            chance: 4 draws of the developer's stream.
        """
        p = self.p
        self.legacy *= 1.0 - p.fades
        petitions = 1000.0 * self.compound.per_household(self.compound.census.petitions)
        if petitions > p.pressure and chance[0] < p.remedies:
            self.legacy *= 1.0 - p.remedy_share
