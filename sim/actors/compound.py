"""A compound (小区): its condition, what is asked in it, and what concerns all of its owners."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple
from zlib import crc32

import numpy as np

from sim.mechanisms.participation import vote
from sim.mechanisms.service import LINES
from sim.society.population import Life
from sim.streams import Stream, Streams, fill
from sim.world.declare import Row, column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import pairwise_sum

_ASSEMBLY = int(Stream.ASSEMBLY)


class Payer(IntEnum):
    """Who gives hours or money to a measure."""

    CELL = 0
    RESIDENTS = 1
    PUBLIC = 2
    COMMUNITY = 3
    STREET = 4
    FIRM = 5
    COMMITTEE = 6


class CostRefused(ValueError):
    """A cost below 0 or that is no number, raised in a rule: label and payer by their numbers, and what it is."""


class Ballot(NamedTuple):
    """Result of a vote of all owners, as shares."""

    turnout_units: float
    turnout_area: float
    agreed_units: float
    agreed_area: float

    def passes(self, quorum: float, majority: float) -> bool:
        """Civil Code art. 278: enough owners and area take part, and enough of those agree."""
        enough = min(self.turnout_units, self.turnout_area) >= quorum
        return enough and min(self.agreed_units, self.agreed_area) > majority


@register_row
class Compound(Row, table="compounds", parameters="service"):
    """One compound of the run."""

    kind: int = column("i8", "index", "0 or more", "which set of parameters holds here", fixed=True)
    first: int = column("i8", "index", "0 or more", "its first household", fixed=True)
    last: int = column("i8", "index", "0 or more", "household after its last", fixed=True)
    first_building: int = column("i8", "index", "0 or more", "its first building", fixed=True)
    last_building: int = column("i8", "index", "0 or more", "building after its last", fixed=True)
    households: int = column("i8", "household", "1 or more", "households", fixed=True)
    monthly_due_fen: int = column("i8", "fen/month", "0 or more", "fees due in a month", fixed=True)
    area: float = column("f8", "m2", "above 0", "floor area of all units", fixed=True)
    in_community: int = column("i8", "index", "0 or more", "community", fixed=True)
    of_company: int = column(
        "i8", "index", "0 or more", "company whose branch serves it", fixed=True
    )
    tie_count: float = column("f8", "tie", "0 or more", "ties of its households", fixed=True)
    unsolved: int = column("i8", "issue", "0 or more", "issues open at the end of last month")
    condition: np.ndarray = column("f8", "1", "0 to 1", "condition of each line", shape=(LINES,))
    effort: np.ndarray = column(
        "f8", "1", "0 to 1", "share of full effort delivered", shape=(LINES,)
    )
    met: np.ndarray = column("f8", "1", "0 to 1", "needs met, by life stage", shape=(len(Life),))

    signals = link("signals")
    census = link("census")
    firm = link("firms")
    committee = link("committees")
    cell = link("cells")
    developer = link("developers")
    community = link("communities", "in_community")

    def column(self, name: str) -> np.ndarray:
        """View (rows,) of one column of its households."""
        view: np.ndarray = getattr(self.world.households, name)[self.first : self.last]
        return view

    def place_problem(self, label: str, category: int, share: float) -> None:
        """Let a hidden problem arise this month at a household drawn by a label, see ``reported_problem``."""
        world, n = self.world, self.last_building - self.first_building
        building = min(self.first_building + int(share * n), self.last_building - 1)
        rows = np.arange(world.buildings.start[building], world.buildings.end[building])
        occupied = rows[world.households.tenure[rows] != 2]
        draw = Streams(world.seed).single(Stream.MEASURES, crc32(label.encode()), self.index)[1]
        if len(occupied):
            at = world.placed
            world.placing.category[at] = category
            world.placing.household[at] = occupied[int(draw * len(occupied))]
            world.placed = at + 1

    @derived
    def month(self) -> int:
        """Month being lived."""
        return self.world.month

    @rule
    def wear(self) -> None:
        """Move the condition on by a month: the firm's effort meets wear and misuse."""
        p, census, condition, effort = self.p, self.census, self.condition, self.effort
        misuse = census.misuse / max(census.occupied, 1.0)
        for line in range(len(condition)):
            state = condition[line]
            gain = p.repair[line] * max(effort[line], p.floor) * (1.0 - state)
            loss = p.decay[line] * state + p.misuse_load[line] * misuse
            condition[line] = min(max(state + gain - loss, 0.0), 1.0)

    @rule
    def meet_needs(self) -> None:
        """Reckon how well the condition meets the needs of each life stage."""
        p, condition = self.parameters.perception, self.condition
        for life in range(len(self.met)):
            needs = p.needs_working
            if life == 0:
                needs = p.needs_young
            elif life == 2:
                needs = p.needs_elderly
            good = asked = 0.0
            for line in range(len(condition)):
                good += needs[line] * condition[line]
                asked += needs[line]
            self.met[life] = good / asked if asked > 0.0 else 0.5

    @property
    def buildings(self) -> slice:
        """Range of its buildings."""
        return slice(self.first_building, self.last_building)

    def mean(self, counted: str) -> float:
        """Mean over occupied households of a sum in last month's census, by name."""
        return float(self.per_household(getattr(self.census, counted)))

    @rule
    def per_household(self, counted: float) -> float:
        """Mean over occupied households of a sum in last month's census."""
        return counted / max(self.census.occupied, 1.0)

    @derived
    def collection_rate(self) -> float:
        """Share of last month's fees that was paid, 0 where none was due."""
        due = self.census.due_fen
        return self.census.collected_fen / due if due != 0.0 else 0.0

    @rule
    def check_cost(self, label: int, payer: int, cost: float) -> None:
        """Refuse hours or yuan of a measure that would give some back, or are no number."""
        if not 0.0 <= cost < np.inf:
            raise CostRefused(label, payer, cost)

    @rule
    def spend(self, label: int, payer: int, hours: float = 0.0, yuan: float = 0.0) -> None:
        """Book what a measure costs somebody this month, a number from 0 on."""
        self.check_cost(label, payer, hours)
        self.check_cost(label, payer, yuan)
        if hours == 0.0 and yuan == 0.0:
            return
        world, ledger = self.world, self.world.ledger
        at = world.booked
        if at >= len(ledger.month):
            raise IndexError("the ledger is full")
        ledger.month[at], ledger.compound[at] = world.month, self.index
        ledger.actor[at], ledger.label[at] = payer, label
        ledger.hours[at], ledger.yuan[at] = hours, yuan
        world.booked = at + 1

    @rule
    def write_off(self) -> int:
        """Take all arrears off the books; the sum in fen."""
        h, total = self.world.households, 0
        owed, months = h.arrears_fen, h.arrears_months
        for i in range(self.first, self.last):
            total += owed[i]
            owed[i] = 0
            months[i] = 0
        self.world.written_off_fen += total
        self.census.arrears_fen = 0.0
        return total

    @rule
    def assembly(self, appeal: np.ndarray) -> Ballot:
        """Let all owners vote, given each household's chance to agree."""
        a, b, world = self.first, self.last, self.world
        n, h = b - a, world.households
        u, took_part, agreed = np.empty((2, n)), np.zeros(n), np.zeros(n)
        fill(u, 2, n, a, world.month, world.seed, _ASSEMBLY)
        vote(
            0, n, u, world.p_participation[self.kind : self.kind + 1],
            world.signals.array[self.index : self.index + 1], h.tenure[a:b], h.life[a:b], h.civic[a:b],
            h.efficacy[a:b], h.grievance[a:b], h.area[a:b], appeal, took_part, agreed,
        )  # fmt: skip
        came, for_it = int(np.count_nonzero(took_part)), int(np.count_nonzero(agreed))
        area = pairwise_sum(took_part)
        return Ballot(
            came / n,
            area / self.area,
            for_it / max(came, 1),
            pairwise_sum(agreed) / max(area, 1e-9),
        )

    @rule
    def votes(self, appeal: np.ndarray, quorum: float, majority: float) -> bool:
        """Whether a vote passes by Civil Code art. 278: enough owners and area take part and agree."""
        b = self.assembly(appeal)
        enough = min(b.turnout_units, b.turnout_area) >= quorum
        return enough and min(b.agreed_units, b.agreed_area) > majority
