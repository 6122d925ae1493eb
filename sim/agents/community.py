"""Communities and streets (社区、街道、网格、部门): inspect, handle what rises, support compounds.

Their hours are one budget for all compounds they serve: more goes to where more is unsolved, and
what one compound's measures take the others lack.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import mesa

from sim.schema import Parameters, param

if TYPE_CHECKING:
    from sim.society.compound import Compound


class CommunityParameters(Parameters):
    """Hours and reach of grid workers and departments."""

    grid_hours: float = param(
        60.0,
        "Hours of grid workers per 1,000 households",
        unit="hour/month",
        low=0,
        high=2000,
        zh="网格工时",
    )
    street_hours: float = param(
        40.0, "Hours of street departments per 1,000 households", unit="hour/month", low=0, high=2000,
        zh="街道部门工时",
    )  # fmt: skip
    district_hours: float = param(
        30.0, "Hours of district departments per 1,000 households", unit="hour/month", low=0, high=2000,
        zh="区级部门工时",
    )  # fmt: skip
    daily_duties: float = param(
        0.5, "Share of the grid's hours that measures can never have", low=0, high=1, zh="日常工作占用",
        source="community staff absorbed by administrative duties: seed 001; size assumed",
    )  # fmt: skip
    inspects: float = param(
        0.08, "Chance that a grid worker finds a problem", unit="1/month", low=0, high=1, zh="网格巡查发现率",
        source="relies on manual patrol (人工走访): seed 004; size assumed",
    )  # fmt: skip
    reports: float = param(
        0.45, "Chance that a resident who feels heard reports a problem", unit="1/month", low=0, high=1,
        zh="居民报事率",
    )  # fmt: skip
    digital: float = param(
        0.1, "Reach of digital channels at the start", low=0, high=1, zh="数字渠道覆盖"
    )
    other_calls: float = param(
        2.5, "Hotline calls per 1,000 households on matters other than property", unit="1/month",
        low=0, high=100, zh="非物业热线",
        source="14 valid complaints per compound and year (Shanghai 2018, anchors in docs/odd.md); split assumed",
    )  # fmt: skip


def _attention(compounds: list[Compound], size: int) -> list[float]:
    # Half of the attention follows households, of which all have ``size``, half what is unsolved.
    open_issues = sum(c.unsolved for c in compounds)
    return [
        0.5 * c.households / size
        + 0.5 * (c.unsolved / open_issues if open_issues else c.households / size)
        for c in compounds
    ]


class Community(mesa.Agent):
    """The grid workers of one community and the compounds they serve.

    Attributes:
        fidelity: Hours there were for each hour that measures asked this month, at most 1.
    """

    STATE = ("fidelity",)

    def __init__(
        self, model: mesa.Model, compounds: list[Compound], parameters: CommunityParameters
    ) -> None:
        super().__init__(model)
        self.compounds = compounds
        self.households = sum(c.households for c in compounds)
        self.p = parameters
        self.asked: list[tuple[Compound, str, float]] = []
        self.fidelity = 1.0
        for compound in compounds:
            compound.community = self

    @property
    def hours(self) -> float:
        """Hours of grid workers this month."""
        return self.p.grid_hours * self.households / 1000.0

    def offer(self) -> None:
        """Set the named values that the community stands for."""
        self.asked.clear()
        p = self.p
        for compound in self.compounds:
            s = compound.signals
            s["detect_grid"] = p.inspects
            s["detect_resident"] = p.reports
            s["digital"] = p.digital

    def ask(self, compound: Compound, measure: str, hours: float) -> None:
        """Ask for hours this month, for a measure in one compound.

        Raises:
            InputError: They are no number from 0 on.
        """
        compound.check_cost(measure, "community", hours)
        self.asked.append((compound, measure, hours))

    def settle(self) -> None:
        """Give the measures their hours; what they take, inspection and issues lack."""
        total, have = fsum([hours for _, _, hours in self.asked]), self.hours
        free = (1.0 - self.p.daily_duties) * have
        self.fidelity = min(1.0, free / total) if total > 0 else 1.0
        left = have - total * self.fidelity
        shares = _attention(self.compounds, self.households)
        for compound, share in zip(self.compounds, shares, strict=True):
            s = compound.signals
            s["community_hours"] = s["community_hours"] + left * share
            if have > 0:
                s["detect_grid"] = s["detect_grid"] * left / have
        for compound, measure, hours in self.asked:
            compound.spend(measure, "community", hours=hours * self.fidelity)


class Street(mesa.Agent):
    """The street and its departments, one attention budget for all its compounds."""

    STATE: tuple[str, ...] = ()

    def __init__(
        self, model: mesa.Model, compounds: list[Compound], parameters: CommunityParameters
    ) -> None:
        super().__init__(model)
        self.compounds = compounds
        self.households = sum(c.households for c in compounds)
        self.p = parameters

    def offer(self) -> None:
        """Share the departments' hours among the compounds."""
        thousands = self.households / 1000.0
        shares = _attention(self.compounds, self.households)
        for compound, share in zip(self.compounds, shares, strict=True):
            compound.signals["street_hours"] = self.p.street_hours * thousands * share
            compound.signals["district_hours"] = self.p.district_hours * thousands * share
