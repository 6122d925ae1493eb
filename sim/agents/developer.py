"""The developer (开发商): promised facilities not built, fees unpaid on vacant units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

from sim.schema import Parameters, param

if TYPE_CHECKING:
    from sim.society.compound import Compound


class DeveloperParameters(Parameters):
    """What the developer left behind and how it behaves."""

    legacy: float = param(
        0.1,
        "Weight of broken promises and defects on daily life at the start",
        low=0,
        high=1,
        zh="开发遗留程度",
    )
    pays_vacant: float = param(
        0.8,
        "Chance that it pays the fee of a vacant unit",
        unit="1/month",
        low=0,
        high=1,
        zh="空置房缴费概率",
    )
    fades: float = param(
        0.004,
        "Share of the legacy that people stop minding",
        unit="1/month",
        low=0,
        high=0.2,
        zh="遗留淡化速度",
    )
    remedies: float = param(
        0.02, "Chance that it mends a part of the legacy in a month of many petitions", unit="1/month",
        low=0, high=1, zh="主动整改概率",
    )  # fmt: skip
    remedy_share: float = param(
        0.15, "Part of the legacy mended at once", low=0, high=1, zh="一次整改比例"
    )
    pressure: float = param(
        5.0, "Petitions per 1,000 households and month that make it move", unit="1/month", low=0, high=1000,
        zh="整改压力阈值",
    )  # fmt: skip


class Developer(mesa.Agent):
    """The developer of one compound.

    Attributes:
        legacy: Weight of broken promises on daily life, 0 to 1.
        pays_vacant: Chance that the fee of a vacant unit is paid.
    """

    STATE = ("legacy", "pays_vacant")

    def __init__(
        self,
        model: mesa.Model,
        compound: Compound,
        parameters: DeveloperParameters,
        legacy_shift: float = 0.0,
    ) -> None:
        super().__init__(model)
        self.compound = compound
        self.p = parameters
        self.legacy = min(max(parameters.legacy + legacy_shift, 0.0), 1.0)
        self.pays_vacant = parameters.pays_vacant

    def offer(self) -> None:
        """Set the named values that the developer stands for."""
        self.compound.signals["legacy"] = self.legacy
        self.compound.signals["developer_pays"] = self.pays_vacant

    def decide(self, chance: list[float]) -> None:
        """Let the legacy fade, and mend a part of it under pressure.

        Args:
            chance: 4 draws of the developer's stream.
        """
        self.legacy *= 1.0 - self.p.fades
        petitions = 1000.0 * self.compound.mean("petitions")
        if petitions > self.p.pressure and chance[0] < self.p.remedies:
            self.legacy *= 1.0 - self.p.remedy_share
