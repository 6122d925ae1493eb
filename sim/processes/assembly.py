"""Votes of all owners (业主大会表决): what they decide, what the law asks, who takes part, who stays away.

A vote is collected over weeks. Owners take part by themselves (paper at the door, or an app), or because
somebody comes to their door: P = 1 - (1 - own accord) * (1 - visit brings) ** visits. Who is against and sees
that the others alone cannot make the quorum may stay away, the more the firmer it is against.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from sim.compiled import kernel
from sim.processes.chance import to_chances
from sim.processes.participation import weigh
from sim.schema import Parameters, fraction, in_hours, in_months, monthly, param
from sim.streams import Stream, fill
from sim.world.native import rows
from sim.world.tables import Tenure

_ASSEMBLY = int(Stream.ASSEMBLY)


class Matter(IntEnum):
    """What owners decide together, Civil Code art. 278."""

    NONE = 0
    ELECT = 1
    DISMISS_FIRM = 2
    CHOOSE_FIRM = 3
    FIRST_FIRM = 4
    RAISE_PRICE = 5
    USE_FUND = 6
    USE_REVENUE = 7
    RAISE_FUND = 8
    LET_COMMON = 9


_SPECIAL_FROM = int(Matter.RAISE_FUND)
# Art. 278 items 6 to 8 (raise the fund, rebuild, let common parts) are special; using the fund, item 5, is not.


PRESSING = (
    int(Matter.DISMISS_FIRM), int(Matter.CHOOSE_FIRM), int(Matter.FIRST_FIRM), int(Matter.ELECT), int(Matter.USE_FUND),
    int(Matter.RAISE_FUND), int(Matter.RAISE_PRICE), int(Matter.LET_COMMON), int(Matter.USE_REVENUE),
)  # fmt: skip
"""Matters, the most pressing first: their order where they have waited alike."""


class Ballot(NamedTuple):
    """Result of a vote of all owners, as shares."""

    turnout_units: float
    turnout_area: float
    agreed_units: float
    agreed_area: float

    def passes(self, quorum: float, majority: float) -> bool:
        """See ``passes``."""
        return bool(passes(self, quorum, majority))


@kernel
def passes(ballot, quorum, majority):  # type: ignore[no-untyped-def]
    """Civil Code art. 278: enough owners and area take part, and enough of those agree."""
    enough = min(ballot.turnout_units, ballot.turnout_area) >= quorum
    return enough and min(ballot.agreed_units, ballot.agreed_area) > majority


@kernel
def special(matter):  # type: ignore[no-untyped-def]
    """Whether three quarters of those taking part must agree, instead of more than half."""
    return matter >= _SPECIAL_FROM


class AssemblyParameters(Parameters):
    """Votes of all owners: channels, canvassers, staying away, and what makes owners agree."""

    special: float = fraction(
        0.75, "Share of those taking part that must agree on special matters", zh="特别事项同意门槛",
        source="Civil Code art. 278: raising the fund, rebuilding, letting common parts",
    )  # fmt: skip
    collects: int = in_months(
        3, "Months in which a vote is prepared and collected", low=1, high=24, zh="征集表决月数",
        source="each vote a month and more of door to door: K082; size assumed",
    )  # fmt: skip
    rests: int = in_months(
        6, "Months between two votes on matters of the committee's or community's agenda", low=0, high=60,
        zh="两次会议间隔",
    )  # fmt: skip
    visit_hours: float = param(
        0.2, "Hours for one visit at a door, stairs and nobody at home counted in", unit="hour", low=0.05, high=4,
        zh="每次上门工时",
    )  # fmt: skip
    visit_brings: float = fraction(
        0.35, "Chance that a visit brings the ballot of an owner who lives here and would not have voted",
        zh="上门带来的参与",
    )  # fmt: skip
    visit_brings_absent: float = fraction(
        0.1, "The same for an owner who lives elsewhere, by telephone", zh="联系不住业主带来的参与",
        source="owners live scattered: seed 000 (居住分散难以集中投票); size assumed",
    )  # fmt: skip
    app_reaches: float = fraction(
        0.5, "Share of the obstacle of living elsewhere that votes by app take away, where all use it",
        zh="线上表决便利", source="official voting app used by 2 percent of compounds it covers: D093; size assumed",
    )  # fmt: skip
    volunteers: float = param(
        12.0, "Owners who go from door to door for a vote, at 1,000 households", unit="person", low=0, high=200,
        zh="上门志愿业主",
    )  # fmt: skip
    volunteer_hours: float = in_hours(
        8.0, "Hours each of them gives", high=100, zh="志愿者人均工时"
    )
    committee_hours: float = in_hours(
        30.0, "Hours a working committee gives to a vote it calls", high=500, zh="业委会组织表决工时",
    )  # fmt: skip
    stays_away: float = fraction(
        0.4, "Share of owners wholly against who stay away where the others alone cannot make the quorum; fewer of "
        "the half-hearted", zh="反对者缺席策略",
        source="campaigns not to vote under the two-thirds rule: K026; size assumed",
    )  # fmt: skip
    moves: float = monthly(
        0.3, "Chance that a fully competent committee puts to the vote what calls for one", zh="业委会提请表决概率",
    )  # fmt: skip
    interim_moves: float = monthly(
        0.1, "The same for an interim committee", zh="物管会提请表决概率"
    )
    community_calls: float = monthly(
        0.01, "The same for the community where there is neither, at full grievance", zh="社区组织表决概率",
        source="residents' committee and government guide owners' meetings: Civil Code art. 277; size assumed",
    )  # fmt: skip
    distrusted: float = fraction(
        0.5, "Mean trust in the firm below which its dismissal comes up", zh="解聘动议的信任下限"
    )
    patience: int = in_months(
        6, "Months of such distrust before it does", low=1, high=120, zh="解聘动议前月数"
    )
    change_agrees: float = fraction(
        0.4, "Chance that an owner who fully trusts the firm agrees to another", zh="换物业服务企业的基准同意率",
    )  # fmt: skip
    change_distrust: float = fraction(
        0.6, "More of that without any trust in the firm", zh="不信任对换物业服务企业同意率的提升"
    )
    first_agrees: float = fraction(
        0.5, "Chance that an owner satisfied without a firm agrees to a first one",
        zh="首次引入物业服务企业的基准同意率",
    )  # fmt: skip
    first_need: float = fraction(
        0.5, "More of that for an owner wholly dissatisfied", zh="不满对引入物业服务企业的促进"
    )
    first_free: float = fraction(
        0.5, "Less of that for an owner wholly used to free service", zh="免费习惯对引入物业服务企业的阻碍",
        source="free service seen as a right: seed 002 (免费状态); size assumed",
    )  # fmt: skip
    price_agrees: float = fraction(
        0.2, "Chance that a dissatisfied owner agrees to a higher fee", zh="提价的基准同意率"
    )
    price_satisfied: float = fraction(
        0.6, "More of that at full satisfaction", zh="满意对提价同意率的提升"
    )
    price_burden: float = fraction(
        0.4, "Less of that for an owner for whom the fee is a full burden", zh="负担对提价同意率的影响",
    )  # fmt: skip
    price_step: float = fraction(
        0.15, "Rise of the fee that is put to the vote, relative", zh="提价幅度"
    )
    price_most: float = param(
        1.6, "Fee, relative to that at the start, beyond which no rise is put to the vote", low=1, high=4,
        zh="提价上限",
    )  # fmt: skip
    price_asks: float = fraction(
        0.7, "Effort a firm can pay for below which it asks for a higher fee", zh="物业服务企业要求提价的投入",
    )  # fmt: skip
    spend_agrees: float = fraction(
        0.55, "Chance that an owner without trust in the committee agrees to use common money",
        zh="动用公共资金的基准同意率",
    )  # fmt: skip
    spend_trust: float = fraction(
        0.35, "More of that at full trust", zh="信任对动用资金同意率的提升"
    )
    choice: float = fraction(
        0.5, "Share of what an ordinary firm lacks in care and openness, and of its skimming, that a fully competent "
        "committee's choice avoids", zh="业委会择优作用",
    )  # fmt: skip
    goodwill: float = fraction(
        0.4, "Trust in a firm at its start, where owners chose it", zh="初始信任",
        source="selection by owners builds trust (建立居民与物业之间的信任): seed 004; size assumed",
    )  # fmt: skip


@kernel
def come_unasked(compound, comes):  # type: ignore[no-untyped-def]
    """The chance ``comes`` (rows,) that each owner of a compound takes part in a vote before anybody calls."""
    h, s, q = compound.world.households, compound.signals, compound.parameters.participation
    p, first, last = compound.parameters.assembly, compound.first, compound.last
    tenure, member, by_member, start = h.tenure, h.member, q.vote_member, np.uint64(first)
    absentee = q.absentee * (1.0 - p.app_reaches * min(s.digital, 1.0))
    weigh(compound, first, last, q.vote_base + s.canvass, comes)
    for i in rows(first, last):
        comes[i - start] += by_member * member[i] - absentee * (tenure[i] != Tenure.OWNER)
    to_chances(comes)


@kernel
def vote(compound, appeal, hours, took_part, agreed):  # type: ignore[no-untyped-def]
    """Let the owners of a compound vote on one proposal.

    Args:
        compound: Row of it.
        appeal: (rows,) chance that an owner who takes part agrees.
        hours: Canvassers' hours from door to door, over all the weeks of the vote.
        took_part: (rows,) set to the area of owners who take part, else 0.
        agreed: (rows,) set to the area of those who take part and agree, else 0.
    """
    world, h = compound.world, compound.world.households
    p, first, last = compound.parameters.assembly, compound.first, compound.last
    n = last - first
    u, comes, start = np.empty((3, n)), np.empty(n), np.uint64(first)
    fill(u, 3, n, first, world.month, world.seed, _ASSEMBLY)
    tenure, area = h.tenure, h.area
    come_unasked(compound, comes)
    visits = hours / (p.visit_hours * n)
    unmoved = (1.0 - p.visit_brings) ** visits
    unmoved_absent = (1.0 - p.visit_brings_absent) ** visits
    in_favour = 0.0
    for i in rows(first, last):
        k = i - start
        stays_out = unmoved if tenure[i] == Tenure.OWNER else unmoved_absent
        comes[k] = 1.0 - (1.0 - comes[k]) * stays_out
        in_favour += comes[k] * appeal[k]
    # Where those in favour make the quorum alone, staying away would only leave the vote to them.
    stays_away = p.stays_away if in_favour < compound.committee.p.quorum * n else 0.0
    for i in rows(first, last):
        k = i - start
        against = u[1, k] >= appeal[k]
        stays = against & (u[2, k] < stays_away * (1.0 - appeal[k]))
        part = (u[0, k] < comes[k]) & ~stays
        took_part[k] = area[i] if part else 0.0
        agreed[k] = 0.0 if against else took_part[k]
