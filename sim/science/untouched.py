"""Untouched compounds and districts: who is lived for checks of level, and what is read of one run.

Nothing is done in them beyond what institutions do anyway; no event of a past is put on. Beside a scenario's own
history two years are lived before anything is read, then three calendar years are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim import known
from sim.compose import load
from sim.config import Config
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS, column
from sim.processes.assembly import come_unasked
from sim.processes.notes import NOTES
from sim.world.tables import Life, Tenure

SETTLES, YEARS = 24, 3
"""Months lived before anything is read, and calendar years read."""


@dataclass(frozen=True)
class Population:
    """Who is lived.

    Attributes:
        name, en, zh: Name and titles.
        scenario: Generic scenario.
        settings: Where it differs from that.
    """

    name: str
    en: str
    zh: str
    scenario: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def config(self, **keys: Any) -> Config:
        """What is lived."""
        own: dict[str, Any] = {"scenario__first_month": 1, "months": SETTLES + 12 * YEARS}
        return load(self.scenario, policy="none", **{**own, **self.settings, **keys})


POPULATIONS = {
    one.name: one
    for one in (
        Population("ordinary", "ordinary estate", "一般商品房小区", "ordinary_estate"),
        Population("new", "new estate", "新建小区", "new_estate"),
        Population("old", "old estate", "老旧小区", "old_estate"),
        Population("resettlement", "resettlement estate", "回迁安置小区", "resettlement_estate"),
        Population(
            "good_firm", "ordinary estate, good firm", "一般商品房小区（物业服务优质）", "ordinary_estate",
            # Care and openness of the firm in Baohe's high-end compounds; assumed there.
            {"firm": {"diligence": 0.92, "transparency": 0.4}},
        ),
        Population("district", "ordinary district", "一般城区", "ordinary_district"),
    )
}  # fmt: skip
"""Whom checks of level are about."""


class Absent(Exception):
    """The model has no such indicator."""


@dataclass(frozen=True)
class Lived:
    """One run of a population, the years that are read.

    Attributes:
        values: Indicators (12 * years, C, K), from a January on.
        occupied: Households that live there (12 * years, C).
        votes: Mean chance that an owner takes part in a vote of all owners, by group: young, working, elderly,
            member, none, unhappy, happy.
        strongest: Of each household that lives there the strength of its strongest tie (households,).
        tenants: Share of tenants among those who live there.
    """

    values: np.ndarray
    occupied: np.ndarray
    votes: Mapping[str, float]
    strongest: np.ndarray
    tenants: float

    def of(self, indicator: str) -> np.ndarray:
        """An indicator (months, C).

        Raises:
            Absent: There is no such indicator.
        """
        if indicator not in INDICATORS:
            raise Absent(indicator)
        return np.asarray(self.values[:, :, column(indicator)])

    def mean(self, indicator: str) -> float:
        """Mean over months and compounds."""
        return float(known.mean(self.of(indicator)))

    def at(self, indicator: str, calendar: int) -> np.ndarray:
        """An indicator (years, C) at the end of a calendar month, 1 to 12."""
        return self.of(indicator)[calendar - 1 :: 12]

    def by_compound(self, indicator: str, calendar: int) -> np.ndarray:
        """Its mean over the years (C,), missing ones left out."""
        return np.asarray(known.mean(self.at(indicator, calendar), axis=0))

    def new(self, indicator: str) -> np.ndarray:
        """How much a count since the beginning rose in each month (months - 1, C)."""
        return np.diff(self.of(indicator), axis=0)

    def tickets(self) -> np.ndarray:
        """Tickets on property (months, C), of all households there."""
        return np.nan_to_num(self.of("tickets_per_1000") * self.occupied / 1000.0)


def live_untouched(config: Config, seed: int) -> Lived:
    """Live a population under one seed."""
    model = NeighborhoodModel(config, seed=seed)
    model.run()
    read = model.recorder.months > SETTLES
    occupied = model.recorder.notes[read][:, :, NOTES.index("occupied")]
    h = model.households
    lives = h.tenure != Tenure.VACANT
    tenants = float((h.tenure[lives] == Tenure.TENANT).mean())
    return Lived(
        model.recorder.values[read], occupied, _votes(model), _strongest(model)[lives], tenants
    )


def _votes(model: NeighborhoodModel) -> dict[str, float]:
    """Owners who live there, by the same push to vote as in the month's own rule, nobody canvassing."""
    h, chance = model.households, np.zeros(len(model.households))
    for compound in model.compounds:
        come_unasked(compound, chance[compound.first : compound.last])
    owner = h.tenure == Tenure.OWNER
    groups = {
        "young": h.life == Life.YOUNG, "working": h.life == Life.WORKING, "elderly": h.life == Life.ELDERLY,
        "member": h.member == 1, "none": h.member == 0,
        "unhappy": h.satisfaction <= 0.5, "happy": h.satisfaction > 0.5,
    }  # fmt: skip
    return {name: float(known.mean(chance[owner & who])) for name, who in groups.items()}


def _strongest(model: NeighborhoodModel) -> np.ndarray:
    ties, best = model.ties, np.zeros(len(model.households))
    here = np.repeat(np.arange(len(best)), np.diff(ties.indptr))
    np.maximum.at(best, here, ties.strength)
    return best
