"""A compound (小区): its condition, what is asked in it, and what concerns all of its owners."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from sim.processes.bills import JANUARY, month_of_year
from sim.processes.service import LINES, Line
from sim.streams import Stream, Streams
from sim.world.arrows import arrow, through
from sim.world.costs import Cost, CostRefused, Payer
from sim.world.declare import Row, column, link
from sim.world.native import derived, register_row, rule
from sim.world.tables import Life, Tenure
from sim.world.units import MIDDLE, MONTHS_PER_YEAR

arrow(
    "effort", "condition", "what the firm does keeps the compound up",
    neutral="the effort that keeps each line at its first state (service.start)",
    zh="物业服务企业投入维持小区状况", zh_neutral="恰能维持期初状况的投入（service.start）",
)  # fmt: skip
arrow(
    "misuse", "condition", "misused common space wears faster",
    neutral="nobody misuses it", zh="占用公共空间加速损耗", zh_neutral="无人占用",
)  # fmt: skip
arrow(
    "condition", "satisfaction", "residents judge the state of what they live in",
    neutral="the state of the first month (service.start)",
    zh="住户按小区状况评价服务", zh_neutral="首月状况（service.start）",
)  # fmt: skip
arrow(
    "amenities", "satisfaction", "amenities that a life stage lacks leave its needs unmet",
    neutral="all are there", zh="缺少适龄设施，需求得不到满足", zh_neutral="设施齐全",
)  # fmt: skip


@register_row
class Compound(Row, table="compounds", parameters="service"):
    """One compound of the run."""

    of_kind: int = column(
        "i8", "index", "0 or more", "kind of compound whose parameters hold here", fixed=True
    )
    first: int = column("i8", "index", "0 or more", "its first household", fixed=True)
    last: int = column("i8", "index", "0 or more", "household after its last", fixed=True)
    first_building: int = column("i8", "index", "0 or more", "its first building", fixed=True)
    last_building: int = column("i8", "index", "0 or more", "building after its last", fixed=True)
    households: int = column("i8", "household", "1 or more", "households", fixed=True)
    monthly_due_fen: int = column(
        "i8", "fen/month", "0 or more", "usual fees due in a month", fixed=True
    )
    price: float = column(
        "f8", "1", "above 0", "usual fee relative to the compound's first price, as owners agreed"
    )
    cost_here: float = column(
        "f8", "1", "above 0", "cost of full service relative to its kind's", fixed=True
    )
    revenue_here: float = column(
        "f8", "1", "above 0", "public revenue of a household relative to its kind's", fixed=True
    )
    wear_here: float = column(
        "f8", "1", "above 0", "wear of facilities and amenities relative to its kind's", fixed=True
    )
    places_here: float = column(
        "f8", "1", "above 0", "places for cars relative to its kind's", fixed=True
    )
    year_due_fen: int = column(
        "i8", "fen", "0 or more", "fees for this calendar year's months so far"
    )
    year_collected_fen: int = column(
        "i8", "fen", "0 or more", "current bills settled this calendar year"
    )
    year_cash_fen: int = column("i8", "fen", "0 or more", "all fees received this calendar year")
    in_community: int = column("i8", "index", "0 or more", "community", fixed=True)
    tie_count: float = column("f8", "tie", "0 or more", "ties of its households", fixed=True)
    unsolved: int = column("i8", "issue", "0 or more", "issues open at the end of last month")
    condition: np.ndarray = column("f8", "1", "0 to 1", "condition of each line", shape=(LINES,))
    effort: np.ndarray = column(
        "f8", "1", "0 to 1", "share of full effort delivered", shape=(LINES,)
    )
    built: np.ndarray = column(
        "f8", "1", "0 to 1", "what amenities there are for each life stage", shape=(len(Life),)
    )
    met: np.ndarray = column("f8", "1", "0 to 1", "needs met, by life stage", shape=(len(Life),))
    places: int = column("i8", "place", "0 or more", "places for cars")
    place_price: float = column("f8", "1", "0 or more", "rent of a place relative to the first")
    rents_start: float = column("f8", "place", "0 or more", "places let at the start")
    calls_lately: float = column(
        "f8", "issue", "0 or more", "fading count of calls to the hotline answered"
    )
    calls_solved: float = column("f8", "issue", "0 or more", "of these, those solved")
    repairs_known_fen: int = column(
        "i8", "fen", "0 or more", "what owners had paid for repairs when issues were last handled"
    )
    parking_unheard: float = column(
        "f8", "1", "0 to 1", "rise of parking rents that nobody was asked about"
    )

    signals = link("signals")
    census = link("census")
    worked = link("worked")
    firm = link("firms")
    committee = link("committees")
    assembly = link("assemblies")
    fund = link("funds")
    cell = link("cells")
    developer = link("developers")
    community = link("communities", "in_community")

    def column(self, name: str) -> np.ndarray:
        """View (rows,) of one column of its households."""
        view: np.ndarray = getattr(self.world.households, name)[self.first : self.last]
        return view

    def place_problem(self, label: str, category: int, share: float) -> None:
        """Let a hidden problem arise this month at an occupied household drawn by a label.

        Args:
            label: Label of the event.
            category: ``Category``.
            share: Place of its building among the compound's, from 0 first to 1 last.
        """
        world, n = self.world, self.last_building - self.first_building
        building = min(self.first_building + int(share * n), self.last_building - 1)
        rows = np.arange(world.buildings.start[building], world.buildings.end[building])
        occupied = rows[world.households.tenure[rows] != Tenure.VACANT]
        # Lane 0 of a label's address is its lot of compounds.
        draw = Streams(world.seed).single(Stream.MEASURES, crc32(label.encode()), self.index)[1]
        if len(occupied):
            at, placing = world.placed, world.placing
            placing.make_room(at + 1)
            placing.label[at], placing.category[at] = world.label(label), category
            placing.household[at] = occupied[int(draw * len(occupied))]
            world.placed = at + 1

    @property
    def kind(self) -> str:
        """Name of its kind in a district, "" where all are alike."""
        return str(self.world.kinds[self.of_kind])

    @property
    def rows(self) -> slice:
        """Range of its households."""
        return slice(self.first, self.last)

    @property
    def costs(self) -> list[Cost]:
        """What measures took here this month so far."""
        ledger, end = self.world.ledger, self.world.booked
        here = (ledger.month[:end] == self.world.month) & (ledger.compound[:end] == self.index)
        return costs_of(self.world, np.flatnonzero(here))

    @derived
    def month(self) -> int:
        """Month being lived."""
        return self.world.month

    @rule
    def wear(self) -> None:
        """Move the condition on by a month: the firm's effort meets wear and misuse."""
        p, census, condition, effort = self.p, self.census, self.condition, self.effort
        on = self.parameters.arrows
        misuse = census.misuse / max(census.occupied, 1.0) * on.misuse_to_condition
        for line in range(len(condition)):
            state, first = condition[line], p.start[line]
            ages = line == Line.FACILITIES or line == Line.AMENITIES
            decay = min(p.decay[line] * (self.wear_here if ages else 1.0), 1.0)
            lasting = decay * first / max(p.repair[line] * (1.0 - first), 1e-9)
            given = through(on.effort_to_condition, effort[line], min(lasting, 1.0))
            gain = p.repair[line] * max(given, p.floor) * (1.0 - state)
            loss = decay * state + p.misuse_load[line] * misuse
            condition[line] = min(max(state + gain - loss, 0.0), 1.0)

    @rule
    def meet_needs(self) -> None:
        """Reckon how well the condition meets the needs of each life stage."""
        p, condition = self.parameters.perception, self.condition
        on, first = self.parameters.arrows, self.p.start
        for life in range(len(self.met)):
            needs = p.needs_working
            if life == Life.YOUNG:
                needs = p.needs_young
            elif life == Life.ELDERLY:
                needs = p.needs_elderly
            good = asked = 0.0
            for line in range(len(condition)):
                there = self.built[life] if line == Line.AMENITIES else 1.0
                there = through(on.amenities_to_satisfaction, there, 1.0)
                state = through(on.condition_to_satisfaction, condition[line], first[line])
                good += needs[line] * state * there
                asked += needs[line]
            self.met[life] = good / asked if asked > 0.0 else MIDDLE

    @rule
    def lay_places(self) -> None:
        """Begin with the places and rents that the parameters say."""
        each = self.parameters.parking.places_each * self.places_here
        self.places = round(each * self.households)
        self.place_price = 1.0
        self.parking_unheard = 0.0
        self.rents_start = self.places_let

    @derived
    def cars(self) -> float:
        """Cars of its residents."""
        return self.parameters.parking.cars_each * self.census.occupied

    @derived
    def places_let(self) -> float:
        """Places that cars stand on: where rents are above what is usual, some do without."""
        p = self.parameters.parking
        dear = max(self.place_price * p.price_yuan / p.usual_price_yuan, 1.0)
        return min(float(self.places), self.cars * dear**-p.dear)

    @derived
    def parking_short(self) -> float:
        """Share of cars that stand where there is no place for them."""
        cars = self.cars
        return 1.0 - self.places_let / cars if cars > 0.0 else 0.0

    @derived
    def public_revenue_ratio(self) -> float:
        """Public revenue relative to that of the start: rents move, the rest does not."""
        part, start = self.parameters.parking.of_revenue, self.rents_start
        rents = self.places_let * self.place_price / start if start > 0.0 else 1.0
        return 1.0 + part * (rents - 1.0)

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
        """Of the fees of the last twelve months billed and over, the part paid; 0 where none fell due."""
        billed = self.census.billed_fen
        return 1.0 - self.census.unpaid_fen / billed if billed > 0.0 else 0.0

    @rule
    def keep_year(self) -> None:
        """Bring the fees of the calendar year up to date."""
        census = self.census
        if month_of_year(self.world) == JANUARY:
            self.year_due_fen = self.year_collected_fen = self.year_cash_fen = 0
        self.year_due_fen += int(census.due_fen)
        self.year_collected_fen += int(census.collected_fen)
        self.year_cash_fen += int(census.received_fen) + int(census.recovered_fen)

    @derived
    def fees_of_year_fen(self) -> float:
        """Fees for the whole calendar year, the months to come at this month's."""
        to_come = MONTHS_PER_YEAR - month_of_year(self.world)
        return self.year_due_fen + to_come * self.census.due_fen

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
        ledger.payer[at], ledger.label[at] = payer, label
        ledger.hours[at], ledger.yuan[at] = hours, yuan
        world.booked = at + 1

    @rule
    def take_street_hours(self, label: int, asked: float) -> float:
        """Take hours of the street's departments from those they have for problems, and book them; what was given."""
        s = self.signals
        given = min(asked, s.street_hours)
        s.street_hours -= given
        self.spend(label, Payer.STREET, given)
        return given

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
    def take_back(self, credited_fen: int, cash_fen: int) -> None:
        """Take out of the year's fees what was paid for months that nobody serves."""
        self.year_collected_fen = max(self.year_collected_fen - credited_fen, 0)
        self.year_cash_fen = max(self.year_cash_fen - cash_fen, 0)

    @derived
    def asked_price(self) -> float:
        """Fee asked relative to the compound's first price: as owners agreed, and as whoever serves asks."""
        return self.price * self.firm.fee_level

    @rule
    def raise_fees(self, share: float) -> None:
        """Raise the fee by a share of it, from the next bills on."""
        self.price *= 1.0 + share


def costs_of(world: Any, rows: np.ndarray) -> list[Cost]:
    """Some rows (n,) of a world's ledger, in the order given."""
    ledger, payers = world.ledger, [payer.name.lower() for payer in Payer]
    return [
        Cost(month, compound, payers[payer], world.labels[label], hours, yuan)
        for month, compound, payer, label, hours, yuan in zip(
            *(getattr(ledger, name)[rows].tolist() for name in
              ("month", "compound", "payer", "label", "hours", "yuan")),
            strict=True,
        )
    ]  # fmt: skip
