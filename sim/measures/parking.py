"""Parking: rents raised without talk, and councils that find places and agree on rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, close_gap, scale
from sim.schema import fraction, in_yuan, logits, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class ParkingRents(Measure):
    """Rents of places are raised; whom nobody asked resents it until it is talked through or accepted."""

    name = "parking_rents"
    en = "Parking rents raised"
    zh = "停车费上涨"
    kind = "event"
    told = (
        "001_966095599a598409: 小区停车位不足、车位租金价格高的问题; 000_a762daf79c5ee800: 随意提价"
    )
    through = (
        "rent of a place (public revenue, cars that go without), grievance of households with a car"
    )
    through_zh = "车位租金（公共收益、弃租车辆）、有车户的不满情绪"
    once = True

    class Parameters(MeasureParameters):
        """How much, and whether anybody was asked."""

        rise: float = param(
            0.7, "Rise of the rent, relative", low=-0.9, high=5, zh="涨幅", source="280 to 480 yuan (K035)",
        )  # fmt: skip
        asked: float = fraction(
            0.0, "Share of the rise that was talked over with residents before", zh="事先协商比例",
            source="without talk (K035)",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Raise the rent; a cut angers nobody."""
        p = self.p
        size = p.dose * p.coverage
        compound.place_price = scale(compound.place_price, max(1.0 + p.rise * size, 0.0))
        if p.rise > 0.0:
            unheard = min((1.0 - p.asked) * size, 1.0)
            compound.parking_unheard = close_gap(compound.parking_unheard, unheard)


@register
class ParkingRenewal(Measure):
    """Stair and compound councils talk parking through: lines are drawn anew, places shared, rules agreed.

    Places are found meeting by meeting until there is no ground left; a rule takes many meetings.
    """

    name = "parking_renewal"
    en = "Parking council (lines, shared places, rules)"
    zh = "停车难协商治理（重新划线、车位共享、停车公约）"
    told = (
        "002_8c9cd9e280662931: 從“停車難”這一問題出發; 002_8c9cd9e280662931: 明確“1+5”治理主體; "
        "004_56d13d5bc3bde075: 通过潮汐共享车位新增停车位"
    )
    through = (
        "places for cars, push against misuse of common space once rules are agreed, talk about rents that were "
        "raised; cell's, residents' and community's hours, public money"
    )
    through_zh = "车位数量、公约达成后遏制乱停、就涨租协商；占用党支部、居民和社区工时及公共资金"

    class Parameters(MeasureParameters):
        """Meetings, what they find and agree on, and what they cost."""

        meetings: float = param(
            2.0, "Council meetings", unit="1/month", low=0, high=30, zh="月议事次数",
            source="12 meetings in some six months (K081)",
        )  # fmt: skip
        finds: float = param(
            2.4, "Places for 1,000 households that one meeting finds", unit="place", low=0, high=100,
            zh="每次议事新增车位", source="20 places, 682 households, 12 meetings (K081)",
        )  # fmt: skip
        most: float = param(
            0.05, "Places that can be found at most, per household", unit="place", low=0, high=1, zh="新增车位上限",
        )  # fmt: skip
        for_rule: float = param(
            12.0, "Meetings until rules of parking are agreed", low=0, high=200, zh="公约所需议事次数",
            source="twelve meetings for one rule (K081)",
        )  # fmt: skip
        order: float = logits(
            0.5, "Push against misuse of common space from agreed rules; below 0 where rules provoke", low=-0.3,
            high=2, zh="停车公约约束", source="size and sign assumed",
        )  # fmt: skip
        talks: float = fraction(
            0.1, "Share of a rise of rents nobody was asked about that one meeting talks through",
            zh="每次议事化解涨租比例",
        )  # fmt: skip
        cell_hours: float = param(
            6.0, "Cell's hours for one meeting", unit="hour", low=0, high=100, zh="每次党支部工时"
        )
        residents_hours: float = param(
            20.0, "Residents' hours for one meeting", unit="hour", low=0, high=500, zh="每次居民工时",
        )  # fmt: skip
        community_hours: float = param(
            3.0, "Community's hours for one meeting", unit="hour", low=0, high=100, zh="每次社区工时",
        )  # fmt: skip
        place_yuan: float = in_yuan(
            500.0, "Public money to make one place", high=100_000, zh="单个车位投入"
        )

    class Memory:
        """How far the council has come."""

        met: float = column("f8", "meeting", "0 or more", "meetings held")
        found: float = column("f8", "place", "0 or more", "places found")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Meet as far as the cell has hours, make the places found, keep to rules once agreed."""
        p, s, council = self.p, compound.signals, self.states[compound.index]
        called = p.meetings * p.coverage * strength
        compound.cell.ask(self.label, called * p.cell_hours, called * p.residents_hours)
        compound.community.ask(compound, self.label, called * p.community_hours)
        held = called * compound.cell.fidelity
        before = int(council.found)
        more = p.finds * compound.households / THOUSAND * held
        council.found = max(min(council.found + more, p.most * compound.households), council.found)
        made = int(council.found) - before
        compound.places += made
        compound.spend(self.label, Payer.PUBLIC, yuan=p.place_yuan * made)
        council.met += held
        if council.met >= p.for_rule:
            s.enforcement = add(s.enforcement, p.order * p.coverage * min(strength, 1.0))
        compound.parking_unheard *= max(1.0 - p.talks * held, 0.0)
