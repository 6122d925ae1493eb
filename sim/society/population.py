"""Households in columns: one array per attribute, one row per household.

Rows are ordered by compound, building, stair and floor, so that each of these is one range of
rows. Shares give exact counts (``round(share * n)`` households, placed at random), so that a small
compound has the make-up its scenario states and not one near it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from zlib import crc32

import numpy as np
from pydantic import model_validator

from sim.errors import InputError
from sim.schema import Parameters, fraction, in_months, param
from sim.streams import Stream, Streams
from sim.world.tables import Buildings, Households, Kind, Life, Tenure

if TYPE_CHECKING:
    from sim.processes.bills import BillParameters
    from sim.society.imports import HouseholdColumns

CHENGDU = "18.7% in one Chengdu compound (grade F)"
PUBLIC_GOODS = "public-goods experiments: about 50% conditional cooperators (grade F)"
FREE_RIDING = "public-goods experiments: up to one third free riders (grade F)"
GRANOVETTER = "Granovetter 1978, Normal thresholds, doi 10.1086/226707"


class PopulationParameters(Parameters):
    """Make-up of one compound and its state in the first month."""

    households: int = param(
        1000, "Units of the compound, vacant ones included", unit="household", low=10, high=2_000_000, zh="户数",
    )  # fmt: skip
    buildings: int = param(
        12, "Buildings of the compound", unit="building", low=1, high=100_000, zh="楼栋数"
    )
    stairs_per_building: int = param(
        2, "Stairs (entrances) in a building", unit="stair", low=1, high=50, zh="每栋单元数"
    )
    floors: int = param(
        11, "Floors of a building; flats per floor follow", unit="floor", low=1, high=100, zh="层数"
    )
    tenant_share: float = fraction(
        0.187, "Share of units let to tenants", zh="租户比例", source=CHENGDU
    )
    vacant_share: float = fraction(0.05, "Share of units that are vacant", zh="空置率")
    young_share: float = fraction(
        0.25, "Share of young households; the rest is of working age", zh="青年比例"
    )
    elderly_share: float = fraction(
        0.25, "Share of elderly households; the rest is of working age", zh="老年比例"
    )
    member_share: float = fraction(
        0.12, "Share of occupied households with a registered party member", zh="党员户比例"
    )
    active_share: float = fraction(
        0.3, "Share of member households that are active in the cell", zh="活跃党员户比例"
    )
    conditional_share: float = fraction(
        0.5, "Share of conditional cooperators; the rest contributes unconditionally", zh="条件合作者比例",
        source=PUBLIC_GOODS,
    )  # fmt: skip
    free_rider_share: float = fraction(
        0.2, "Share of free riders; the rest contributes unconditionally", zh="享受服务而不缴费者比例",
        source=FREE_RIDING,
    )  # fmt: skip
    civic_mean: float = fraction(0.5, "Mean civic-mindedness", zh="公共精神均值")
    civic_concentration: float = param(
        5.0, "Likeness of households in civic-mindedness (a + b of its Beta distribution)", low=0.1, high=1000,
        zh="公共精神集中度",
    )  # fmt: skip
    burden_mean: float = fraction(
        0.2, "Mean burden of the fee on a household, 0 none to 1 cannot pay", zh="缴费负担均值"
    )
    burden_concentration: float = param(
        5.0, "Likeness of households in burden (a + b of its Beta distribution)", low=0.1, high=1000,
        zh="缴费负担集中度",
    )  # fmt: skip
    taste_sd: float = fraction(
        0.2, "Spread of how favourably households judge the same service, in satisfaction", zh="评价偏好标准差",
    )  # fmt: skip
    area_mean: float = param(
        95.0, "Mean floor area of a unit", unit="m2", low=10, high=1000, zh="户均面积"
    )
    area_sd: float = param(
        25.0, "Spread of floor area (lognormal)", unit="m2", low=0, high=500, zh="面积标准差"
    )
    price_fen_per_m2: int = param(
        150, "Monthly fee for a square metre", unit="fen/m2/month", low=0, high=10_000, zh="物业费单价",
    )  # fmt: skip
    threshold_mean: float = fraction(
        0.25, "Mean share of neighbours in open conflict that makes a household join", zh="集体行动阈值均值",
        source=GRANOVETTER,
    )  # fmt: skip
    threshold_sd: float = fraction(
        0.12, "Spread of that threshold", zh="集体行动阈值标准差", source=GRANOVETTER
    )
    satisfaction_start: float = fraction(0.6, "Mean satisfaction at the start", zh="初始满意度")
    trust_start: float = fraction(
        0.5, "Mean trust in firm, committee and cell at the start", zh="初始信任"
    )
    grievance_start: float = fraction(0.05, "Mean grievance at the start", zh="初始不满情绪")
    habit_start: float = fraction(0.8, "Mean habit of paying at the start", zh="初始缴费习惯")
    free_habit_start: float = fraction(
        0.0, "Mean habit of free service at the start", zh="初始免费习惯"
    )
    efficacy_start: float = fraction(
        0.5, "Mean belief at the start that taking part has results", zh="初始参与效能感"
    )
    start_concentration: float = param(
        10.0, "Likeness of households in the start values (a + b of their Beta distributions)", low=0.1, high=1000,
        zh="初始状态集中度",
    )  # fmt: skip
    paid_start: float = fraction(
        0.85, "Share of occupied households that pay at the start", zh="初始缴费率"
    )
    arrears_start: int = in_months(
        12, "Months owed at the start by each household that does not pay", low=0, high=120, zh="初始欠费月数",
    )  # fmt: skip
    lived_here_start: int = in_months(
        120, "Months that first residents have lived here at the start: what newcomers meet weighs more", low=0,
        high=1200, zh="初始居住月数",
    )  # fmt: skip
    household_file: str = param(
        "", "Register of the user's own households (xlsx, xls, ods, csv); empty: households are drawn", unit="path",
        zh="住户数据文件",
    )  # fmt: skip

    @model_validator(mode="after")
    def _shares_fit(self) -> PopulationParameters:
        for first, second in (
            ("tenant_share", "vacant_share"),
            ("young_share", "elderly_share"),
            ("conditional_share", "free_rider_share"),
        ):
            total = getattr(self, first) + getattr(self, second)
            # Decimal shares such as 0.7 + 0.2 + 0.1 may exceed 1 in the last bit.
            if total > 1 + 1e-9:
                raise ValueError(f"{first} and {second} together are {total:g}; allowed: at most 1")
        stairs = self.buildings * self.stairs_per_building
        if not self.household_file and stairs > self.households:
            raise ValueError(
                f"buildings times stairs_per_building is {stairs}; "
                f"allowed: at most households, which is {self.households}"
            )
        return self


class _Trait(IntEnum):
    """Order of the draws; a number once given is kept, since each trait has its own sequence."""

    TENURE = 0
    LIFE = 1
    MEMBER = 2
    ACTIVE = 3
    KIND = 4
    CIVIC = 5
    BURDEN = 6
    AREA = 7
    THRESHOLD = 8
    TASTE = 9
    ROTA = 10
    SATISFACTION = 11
    TRUST_FIRM = 12
    TRUST_COMMITTEE = 13
    TRUST_CELL = 14
    GRIEVANCE = 15
    HABIT = 16
    FREE_HABIT = 17
    EFFICACY = 18
    PAID = 19
    BILL_MONTH = 20
    TRUST_STREET = 21


class _Draws:
    """Draws of one compound at a time: a sequence of its own for each trait.

    No parameter of one trait, and no other compound, changes what another trait draws; so two
    scenarios under one seed differ only by what they state differently.
    """

    def __init__(self, streams: Streams) -> None:
        self._generator = streams.generator(Stream.POPULATION)
        self._state = dict(self._generator.bit_generator.state)
        self.compound = 0

    def of(self, trait: int) -> np.random.Generator:
        """The generator at the beginning of a trait's sequence: setting it takes a tenth of making one."""
        counter = np.array([0, 0, int(trait), self.compound], np.uint64)
        self._state["state"]["counter"] = counter
        self._generator.bit_generator.state = self._state
        return self._generator

    def beta(self, trait: _Trait, n: int, mean: float, concentration: float) -> np.ndarray:
        above, below = mean * concentration, (1.0 - mean) * concentration
        # Also where a mean is so small that its product is none.
        if above <= 0.0 or below <= 0.0:
            return np.full(n, mean)
        return self.of(trait).beta(above, below, n)

    def order(self, trait: _Trait, n: int) -> np.ndarray:
        return self.of(trait).permutation(n)


def populate(
    parameters: Sequence[PopulationParameters],
    streams: Streams,
    groups: Callable[[int], Mapping[str, Parameters]] = lambda _: {},
) -> tuple[Households, Buildings]:
    """Make the households of all compounds.

    Args:
        parameters: One entry per compound, in order.
        streams: Random numbers; compound k and trait t use a sequence of their own.
        groups: Every group of parameters of compound k, from which somebody's own columns are drawn.

    Returns:
        The columns and the ranges of buildings and compounds.

    Raises:
        InputError: A household file that cannot be used.
    """
    files = [_own_households(p.household_file) for p in parameters]
    sizes = [
        p.households if given is None else len(given["floor"])
        for p, given in zip(parameters, files, strict=True)
    ]
    households = Households(sum(sizes))
    building = stair = row = 0
    d = _Draws(streams)
    for c, (p, given, n) in enumerate(zip(parameters, files, sizes, strict=True)):
        part = households if n == len(households) else households.rows(row, row + n)
        part.compound[:], d.compound = c, c
        _place(part, p, given)
        _settle(part, p, given or {}, d)
        _begin(part, p, given or {}, d)
        bills = groups(c).get("bills")
        if bills is not None:
            _lay_bills(part, cast("BillParameters", bills), d)
        _draw_own(part, partial(groups, c), given or {}, d)
        part.building += building
        part.stair += stair
        part.file_row += row
        building, stair, row = int(part.building[-1]) + 1, int(part.stair[-1]) + 1, row + n
    return households, Buildings.of(households)


def _own_households(path: str) -> HouseholdColumns | None:
    if not path:
        return None
    from sim.society.imports import read_households  # Brings pandas, which drawing does not need.

    return read_households(path)


def rooms_of(files: Sequence[str]) -> list[str] | None:
    """Rooms of households in the order of their files, in one way to write them; None unless files tell all of them."""
    if not all(files) or len(set(files)) < len(files):
        return None
    from sim.society.imports import read_rooms

    found = [read_rooms(path) for path in files]
    return (
        None if any(one is None for one in found) else [key for one in found for key in one or ()]
    )


def _place(h: Households, p: PopulationParameters, given: HouseholdColumns | None) -> None:
    n = len(h)
    if given is not None:
        h.building[:], h.stair[:], h.floor[:] = given["building"], given["stair"], given["floor"]
        h.file_row[:] = given["file_row"]
        return
    stairs = p.buildings * p.stairs_per_building
    # The bounds differ by at most one household between stairs.
    bounds = np.arange(stairs + 1, dtype=np.int64) * n // stairs
    size = np.diff(bounds)
    h.stair[:] = np.repeat(np.arange(stairs), size)
    h.building[:] = h.stair // p.stairs_per_building
    position = np.arange(n) - np.repeat(bounds[:-1], size)
    h.floor[:] = 1 + position // np.repeat(-(-size // p.floors), size)
    h.file_row[:] = np.arange(n)


def _exact(order: np.ndarray, front: float, back: float, codes: tuple[int, int, int]) -> np.ndarray:
    """Codes (n,) with exact counts: the first of a random order, those between, the last."""
    n = len(order)
    first = round(front * n)
    # Two shares that fill the whole may both round up at one half.
    last = min(round(back * n), n - first)
    out = np.full(n, codes[1], dtype=np.int8)
    out[order[:first]] = codes[0]
    out[order[n - last :]] = codes[2]
    return out


def _some(order: np.ndarray, among: np.ndarray, share: float) -> np.ndarray:
    """Flags (n,): exactly ``round(share * count)`` of the rows where ``among`` is true."""
    pool = order[among[order]]
    out = np.zeros(len(order), dtype=np.int8)
    out[pool[: round(share * len(pool))]] = 1
    return out


def _settle(h: Households, p: PopulationParameters, given: HouseholdColumns, d: _Draws) -> None:
    """What a household is: read from the user's file, or drawn where the file says nothing."""
    n = len(h)
    kinds = (Kind.CONDITIONAL, Kind.UNCONDITIONAL, Kind.FREE_RIDER)
    for name, front, back, codes in (
        ("tenure", p.tenant_share, p.vacant_share, (Tenure.TENANT, Tenure.OWNER, Tenure.VACANT)),
        ("life", p.young_share, p.elderly_share, (Life.YOUNG, Life.WORKING, Life.ELDERLY)),
        ("kind", p.conditional_share, p.free_rider_share, kinds),
    ):
        drawn = _exact(d.order(_Trait[name.upper()], n), front, back, codes)
        getattr(h, name)[:] = _told(given, name, drawn)
    lived_in = h.tenure != Tenure.VACANT
    h.member[:] = _told(given, "member", _some(d.order(_Trait.MEMBER, n), lived_in, p.member_share))
    active = _some(d.order(_Trait.ACTIVE, n), h.member == 1, p.active_share)
    h.active[:] = given.get("active", active)
    h.area[:] = _told(given, "area", _area(d.of(_Trait.AREA), n, p.area_mean, p.area_sd))
    h.fee_fen[:] = _told(given, "fee_fen", np.rint(h.area * p.price_fen_per_m2).astype(np.int64))
    civic = d.beta(_Trait.CIVIC, n, p.civic_mean, p.civic_concentration)
    h.civic[:] = given.get("civic", civic)
    burden = d.beta(_Trait.BURDEN, n, p.burden_mean, p.burden_concentration)
    h.burden[:] = given.get("burden", burden)
    threshold = d.of(_Trait.THRESHOLD).normal(p.threshold_mean, p.threshold_sd, n)
    h.threshold[:] = given.get("threshold", threshold)
    h.taste[:] = given.get("taste", d.of(_Trait.TASTE).normal(0.0, p.taste_sd, n))
    h.rota[:] = d.of(_Trait.ROTA).random(n)


def _told(given: HouseholdColumns, name: str, drawn: np.ndarray) -> np.ndarray:
    """What the file says of each household, and what was drawn where it says nothing."""
    if name not in given:
        return drawn
    said = given[name]
    return np.where(np.isnan(said) | (said == -1), drawn, said)


def _area(rng: np.random.Generator, n: int, mean: float, sd: float) -> np.ndarray:
    spread = np.log1p((sd / mean) ** 2)
    return rng.lognormal(np.log(mean) - spread / 2.0, np.sqrt(spread), n)


def _lay_bills(h: Households, p: BillParameters, d: _Draws) -> None:
    """Give each unit the calendar month in which its year of bills begins."""
    u = d.of(_Trait.BILL_MONTH).random((3, len(h)))
    autumn = 10 + (3 * u[2]).astype(np.int64)
    other = 1 + (9 * u[2]).astype(np.int64)
    own = np.where(u[1] < p.autumn, autumn, other)
    h.bill_month[:] = np.where(u[0] < p.own_date, own, 1)


def _begin(h: Households, p: PopulationParameters, given: HouseholdColumns, d: _Draws) -> None:
    """State of the first month; a vacant unit pays nothing and minds nothing."""
    n = len(h)
    lived_in = h.tenure != Tenure.VACANT
    for name, mean in (
        ("satisfaction", p.satisfaction_start),
        ("trust_firm", p.trust_start),
        ("trust_committee", p.trust_start),
        ("trust_cell", p.trust_start),
        ("trust_street", p.trust_start),
        ("grievance", p.grievance_start),
        ("habit", p.habit_start),
        ("free_habit", p.free_habit_start),
        ("efficacy", p.efficacy_start),
    ):
        drawn = d.beta(_Trait[name.upper()], n, mean, p.start_concentration)
        getattr(h, name)[:] = given.get(name, drawn)
    h.grievance[~lived_in] = 0.0
    h.paid[:] = _some(d.order(_Trait.PAID, n), lived_in, p.paid_start)
    h.arrears_months[:] = np.where(lived_in & (h.paid == 0), p.arrears_start, 0)
    h.arrears_fen[:] = h.arrears_months * h.fee_fen
    h.lived_here[:] = given.get("lived_here", p.lived_here_start)
    h.norm[:] = given.get("norm", p.paid_start)
    for name in ("contact", "points", "stage", "misuse"):
        getattr(h, name)[:] = given.get(name, 0)
    h.seen_paid[:] = h.norm
    h.seen_satisfaction[:] = h.satisfaction


# --- columns of somebody's own ------------------------------------------------------------------

_OWN = 2**32
"""Draws of one's own columns are addressed by their name, above those of our traits."""


def _draw_own(
    h: Households,
    groups: Callable[[], Mapping[str, Parameters]],
    given: HouseholdColumns,
    d: _Draws,
) -> None:
    """Fill columns that were added, see ``sim.own``: from the file, else as they say.

    Raises:
        InputError: What is drawn is out of the column's range.
    """
    for name, column in h.columns.items():
        if column.drawn is None:
            continue
        if name in given:
            getattr(h, name)[:] = given[name]
            continue
        drawn = np.asarray(
            column.drawn(d.of(_OWN + crc32(name.encode())), h, SimpleNamespace(**groups()))
        )
        if drawn.dtype.kind not in "biuf":
            told = " ".join(repr(drawn.flat[0] if drawn.size else drawn).split())
            raise InputError(f"column {name}", f"{told} is drawn", f"numbers, {column.allowed}")
        shape, (low, high) = getattr(h, name).shape, column.bounds
        if drawn.shape not in ((), shape):
            problem = f"{drawn.shape} numbers are drawn"
            raise InputError(f"column {name}", problem, f"one for each of {len(h)} households")
        held = drawn.astype(column.dtype)
        right = (drawn >= low) & (drawn <= high) & np.isclose(held, drawn)
        if not right.all():
            raise InputError(f"column {name}", f"{drawn[~right].flat[0]} is drawn", column.allowed)
        getattr(h, name)[:] = held
