"""The developer (开发商): promised facilities not built, fees unpaid on vacant units."""

from __future__ import annotations

from sim.agents.actor import Actor
from sim.schema import Parameters, fraction, monthly, param
from sim.world.arrows import arrow
from sim.world.declare import column, link
from sim.world.native import register_row, rule
from sim.world.units import THOUSAND


class DeveloperParameters(Parameters):
    """What the developer left behind and how it behaves."""

    legacy: float = fraction(
        0.1, "Weight of broken promises and defects on daily life at the start", zh="开发遗留程度"
    )
    pays_vacant: float = monthly(
        0.8, "Chance that it pays the fee of a vacant unit", zh="空置房缴费概率"
    )
    fades: float = monthly(
        0.004, "Share of the legacy that people stop minding", high=0.2, zh="遗留淡化速度"
    )
    remedies: float = monthly(
        0.02, "Chance that it mends a part of the legacy in a month of many petitions", zh="主动整改概率",
    )  # fmt: skip
    remedy_share: float = fraction(0.15, "Part of the legacy mended at once", zh="一次整改比例")
    pressure: float = param(
        5.0, "Petitions per 1,000 households and month that make it move", unit="1/month", low=0, high=1000,
        zh="整改压力阈值",
    )  # fmt: skip


arrow(
    "petitions", "legacy", "many petitions make the developer mend a part of its legacy",
    neutral="nobody petitions", zh="集中信访促使开发商整改遗留问题", zh_neutral="无人信访",
)  # fmt: skip


@register_row
class Developer(Actor, table="developers", parameters="developer"):
    """The developer of one compound."""

    legacy_shift: float = column("f8", "1", "any", "what its legacy differs by", fixed=True)
    legacy: float = column("f8", "1", "0 to 1", "weight of broken promises on daily life")
    pays_vacant: float = column("f8", "1", "0 to 1", "chance that the fee of a vacant unit is paid")

    compound = link("compounds")

    @rule
    def begin(self) -> None:
        """Begin as the parameters say."""
        # Where a kind has no developer to blame, no compound of it has.
        shift = self.legacy_shift if self.p.legacy > 0.0 else 0.0
        self.legacy = min(max(self.p.legacy + shift, 0.0), 1.0)
        self.pays_vacant = self.p.pays_vacant

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
        petitions = THOUSAND * self.compound.per_household(self.compound.census.petitions)
        remedies = p.remedies * self.parameters.arrows.petitions_to_legacy
        if petitions > p.pressure and chance[0] < remedies:
            self.legacy *= 1.0 - p.remedy_share
