"""The owners' committee (业委会): hard to elect, hard to keep working, easy to capture.

none -> preparing -> vote of all owners -> elected -> registered and working -> nominal, lost contact,
walked off, or refusing to hand over. Without one, an interim committee (物管会) may stand in: set up by a
measure month by month, or by the street for a term of its own.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import numpy as np

from sim.agents.actor import Actor
from sim.processes.assembly import Matter
from sim.schema import Parameters, fraction, in_hours, in_months, monthly, param
from sim.streams import Stream, draw
from sim.world.arrows import arrow, through
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import exact_sum
from sim.world.tables import Tenure
from sim.world.units import MIDDLE, THOUSAND

_LEADERS = int(Stream.LEADERS)


class State(IntEnum):
    """Where the committee stands in its life."""

    NONE = 0
    PREPARING = 1
    ELECTED = 2
    WORKING = 3
    NOMINAL = 4
    LOST_CONTACT = 5
    WALKED_OFF = 6
    REFUSES_HANDOVER = 7
    INTERIM = 8


class Capture(IntEnum):
    """Whose interest the committee serves."""

    REPRESENTATIVE = 0
    COLLUDING = 1
    CONFRONTATIONAL = 2
    SELF_SERVING = 3


_IDLE = int(State.WALKED_OFF - State.NOMINAL) + 1
# Ways to be idle.


class CommitteeParameters(Parameters):
    """Formation, drift and capture (hazards assumed; kinds of failure from seeds 000 and 001)."""

    state: Literal["none", "working", "nominal", "interim"] = param(
        "none", "State at the start; nominal as one whose term is over or that does nothing", zh="初始状态",
    )  # fmt: skip
    attempts: float = monthly(
        0.15, "Chance that owners ask for the preparation of an election, at full discontent and where there are "
        "people to lead it", zh="申请筹备概率",
    )  # fmt: skip
    convenes: float = fraction(
        0.25, "Chance that a street which nothing holds to it convenes the preparatory group that owners ask for; "
        "support makes up the rest", zh="街道自行组建筹备组的概率",
        source="the street forms and heads the group, within 60 days: guidance on owners' meetings of 2009 (业主大会和"
        "业主委员会指导规则) art. 9 to 11; no growth in ten years where it is not in the street's appraisal (K101), "
        "78 points in a year where it is (K077); share assumed",
    )  # fmt: skip
    preparing_months: int = in_months(4, "Months from start to vote", low=1, high=36, zh="筹备月数")
    discouraged_months: int = in_months(
        6, "Months after a failed vote before a new try", low=0, high=60, zh="失败后间隔"
    )
    quorum: float = fraction(
        2 / 3, "Share of owners and of area that must take part in a vote", zh="参与门槛",
        source="Civil Code art. 278",
    )  # fmt: skip
    majority: float = fraction(
        0.5, "Share of those taking part that must agree", zh="同意门槛", source="Civil Code art. 278",
    )  # fmt: skip
    candidates: float = param(
        6.0, "Willing candidates in a compound of 1,000 households, before discouragement", unit="person", low=0,
        high=50, zh="愿任候选人",
        source="few are willing (人选难): seed 000; 9.8 for each committee in a drive: K079; without one assumed",
    )  # fmt: skip
    size_power: float = fraction(
        0.3, "Power of households by which candidates and volunteers grow; 1 is in proportion",
        zh="参与人数的规模弹性",
        source="compounds of 84 to 129 households found theirs: K057, K061, K072, K088; size assumed",
    )  # fmt: skip
    seats: int = param(5, "Members a committee needs", unit="person", low=3, high=15, zh="委员人数")
    registers: float = monthly(
        0.35, "Chance that an elected committee is registered and starts work", zh="备案概率",
        source="filing is slow (备案难): seed 000; size assumed",
    )  # fmt: skip
    term: int = in_months(48, "Term of office", low=12, high=120, zh="任期")
    competence: float = fraction(0.5, "Mean competence of an elected committee", zh="履职能力")
    idles: float = monthly(
        0.07, "Chance that an unsupported committee turns nominal, loses contact or walks off",
        zh="转为未正常履职的概率",
    )  # fmt: skip
    captured: float = monthly(
        0.02, "Chance that an unsupported committee is captured", zh="被少数人把持的概率"
    )
    party_share: float = fraction(
        0.24, "Share of members who are party members", zh="党员比例",
        source="party majority in 24.3% of committees, Xiamen (anchors in docs/odd.md)",
    )  # fmt: skip
    party_steadies: float = fraction(
        0.5, "Share of those two chances that an all-party committee is spared", zh="党员约束作用"
    )
    refuses: float = fraction(
        0.15, "Chance that a captured committee refuses to hand over at the end of its term", zh="拒交接概率",
    )  # fmt: skip
    hours: float = in_hours(
        40.0, "Hours a working committee has for issues", high=1000, zh="业委会工时"
    )
    image_none: float = fraction(
        0.45, "What owners see where no committee is elected and no vote has failed", zh="无业委会时的观感",
    )  # fmt: skip
    image_failed: float = param(
        0.05, "Less of that for each failed vote", unit="1/vote", low=0, high=1, zh="每次选举未成功的观感损失",
    )  # fmt: skip
    image_least: float = fraction(
        0.2, "Least of that, however many votes failed", zh="选举未成功后的观感下限"
    )
    image_elected: float = fraction(
        0.5, "What owners see of a committee not yet registered", zh="待备案时的观感"
    )
    image_working: float = fraction(
        0.5, "What owners see of a working committee without competence", zh="正常履职的基础观感"
    )
    image_competence: float = fraction(
        0.4, "More of that at full competence", zh="履职能力带来的观感"
    )
    image_captured: float = fraction(
        0.25, "What owners see of a captured committee at work", zh="被少数人把持时的观感"
    )
    image_idle: float = fraction(
        0.2, "What owners see of one that is nominal, lost, walked off or refuses to hand over",
        zh="未正常履职或拒交接时的观感",
    )  # fmt: skip
    interim_term: int = in_months(
        36, "Longest term of an interim committee set up by the street", low=1, high=120, zh="物管会任期",
    )  # fmt: skip
    interim_known: float = fraction(
        0.6, "Share of residents who know of an interim committee", zh="物管会知晓率",
        source="59.9 percent know that a committee or interim committee exists: D035",
    )  # fmt: skip
    interim_image: float = fraction(0.5, "What those see of it", zh="物管会观感")
    interim_supervision: float = fraction(
        0.15, "Supervision of the firm it gives", zh="物管会监督力度"
    )
    interim_hours: float = in_hours(10.0, "Hours it has for issues", high=1000, zh="物管会工时")
    stirs: float = monthly(
        0.04, "Share of the calm of its full followers that a confrontational committee turns into grievance",
        zh="对抗型业委会的鼓动", source="30 of 130 committees sued firm or developer: D090; size assumed",
    )  # fmt: skip
    discloses: float = fraction(
        0.2, "Share of the firm's closed accounts that a fully competent committee shows residents",
        zh="业委会公开账目", source="common revenue shown to owners, open days with the books: K071; size assumed",
    )  # fmt: skip
    confronts: float = fraction(
        0.2, "Supervision of the firm by a confrontational committee", zh="对抗型业委会监督力度"
    )
    captured_openness: float = fraction(
        0.5, "Share of the firm's open accounts that residents still see under a captured committee",
        zh="被少数人把持时账目公开留存",
    )  # fmt: skip
    attempts_content: float = fraction(
        0.3, "Share of the chance to ask for an election that is left where nobody is discontent",
        zh="无不满时的筹备意愿",
    )  # fmt: skip
    candidates_unheard: float = param(
        0.5, "Share of candidates willing where nobody feels heard; the feeling of being heard adds to it", low=0,
        high=2, zh="无效能感时参选意愿",
    )  # fmt: skip
    candidates_spread: float = param(
        1.0, "Width of the range of candidates among compounds, by the people there who lead, relative to its mean",
        low=0, high=2, zh="各小区参选人数差异",
    )  # fmt: skip
    agrees: float = fraction(
        0.35, "Chance that an owner without trust in committees agrees to one", zh="无信任业主同意率",
    )  # fmt: skip
    agrees_trust: float = fraction(
        0.5, "More of that chance at full trust", zh="信任对同意率的提升"
    )
    seats_least: int = param(
        3, "Members that the smallest committee needs", unit="person", low=1, high=15, zh="最少委员人数",
    )  # fmt: skip
    households_per_seat: int = param(
        200, "Households for each member that a small compound needs", unit="household", low=10, high=5000,
        zh="每名委员对应户数",
    )  # fmt: skip
    competence_spread: float = fraction(
        0.4, "Width of the range that chance gives the competence of those elected", zh="履职能力波动",
    )  # fmt: skip
    competence_care: float = fraction(
        0.2, "Competence that those elected gain from full support", zh="扶持带来的履职能力"
    )
    care_steadies: float = fraction(
        0.8, "Share of the chances to idle and to be captured that full support spares", zh="扶持约束作用",
    )  # fmt: skip
    self_serving: float = param(
        0.3, "Weight of own interest among what captures, beside skimming and mean grievance", low=0, high=2,
        zh="谋私倾向权重",
    )  # fmt: skip
    revives: float = monthly(
        0.2, "Chance that an idle committee is at work again, under full support", zh="未正常履职后恢复履职的概率",
    )  # fmt: skip
    asked_again: float = fraction(
        0.5, "Part of a term after which one that refused is asked again to hand over", zh="再次要求交接间隔",
    )  # fmt: skip
    vote_trust: float = fraction(
        0.06, "Trust in the committee lost by all when a vote fails", zh="选举失败对信任的影响"
    )


arrow(
    "committee", "image", "a working committee looks the better the more able it is, a failed one worse",
    neutral="what is seen where none is elected (committee.image_none)",
    zh="业委会履职或失职决定其观感", zh_neutral="无业委会时的观感（committee.image_none）",
)  # fmt: skip
arrow(
    "committee", "supervision", "a working or interim committee watches the firm",
    neutral="nobody watches", zh="业委会或物管会监督物业服务企业", zh_neutral="无人监督",
)  # fmt: skip
arrow(
    "committee", "accounts", "a working committee shows the firm's accounts, a captured one hides them",
    neutral="the firm's own openness",
    zh="正常履职的业委会公开账目，被少数人把持的遮掩账目", zh_neutral="物业服务企业自身的公开程度",
)  # fmt: skip
arrow(
    "committee", "handling", "committees give hours to problems",
    neutral="no hours", zh="业委会投入工时办理诉求", zh_neutral="没有工时",
)  # fmt: skip
arrow(
    "discontent", "elections", "discontent makes owners prepare an election",
    neutral="nobody is discontent", zh="不满促使业主筹备选举", zh_neutral="无人不满",
)  # fmt: skip
arrow(
    "support", "elections", "support of street and community makes owners prepare an election",
    neutral="no support", zh="街道社区的扶持促使筹备选举", zh_neutral="没有扶持",
)  # fmt: skip
arrow(
    "efficacy", "candidates", "who feels heard stands for the committee",
    neutral="efficacy of a newcomer (turnover.newcomer_trust)",
    zh="有效能感者愿意参选", zh_neutral="新住户的效能感（turnover.newcomer_trust）",
)  # fmt: skip
arrow(
    "skimming", "elections", "a firm that skims obstructs the vote for a committee",
    neutral="it obstructs nothing", zh="侵占公共收益的物业服务企业阻挠选举", zh_neutral="不阻挠",
)  # fmt: skip
arrow(
    "failed_votes", "committee_trust", "a failed vote costs trust in committees",
    neutral="trust stays", zh="选举失败使业主对业委会失去信任", zh_neutral="信任不变",
)  # fmt: skip
arrow(
    "support", "steadiness", "supported committees idle less and are captured less",
    neutral="no support", zh="得到扶持的业委会较少未正常履职或被少数人把持", zh_neutral="没有扶持",
)  # fmt: skip
arrow(
    "stirring", "grievance", "a confrontational committee turns its followers' calm into grievance",
    neutral="it stirs nobody", zh="对抗型业委会鼓动业主", zh_neutral="无人被鼓动",
)  # fmt: skip


@register_row
class OwnersCommittee(Actor, table="committees", parameters="committee"):
    """The committee of one compound."""

    state: int = column("i8", "code", "State", "where it stands in its life")
    capture: int = column("i8", "code", "Capture", "whose interest it serves")
    competence: float = column("f8", "1", "0 to 1", "competence")
    party_share: float = column("f8", "1", "0 to 1", "share of members who are party members")
    months_in_state: int = column("i8", "month", "0 or more", "months in this state")
    months_in_office: int = column("i8", "month", "0 or more", "months of the term")
    interim: float = column("f8", "1", "0 to 1", "strength of an interim committee standing in")
    stands_in: bool = column(
        "?", "flag", "0, 1", "an interim committee set up by the street stands in"
    )
    interim_gives: float = column(
        "f8",
        "hour/month",
        "0 or more",
        "hours for issues that an interim committee gives this month",
    )
    interim_months: int = column("i8", "month", "0 or more", "months of its term")
    won_over: float = column(
        "f8", "person", "0 or more", "candidates won by talks for the next election"
    )
    leaders: float = column(
        "f8", "1", "0 to 2", "people here who take things in hand, relative to usual", fixed=True
    )
    failed_votes: int = column("i8", "vote", "0 or more", "votes that failed so far")
    turnout: float = column(
        "f8", "1", "0 to 1, NaN", "share of owners in the last vote; NaN before the first"
    )

    compound = link("compounds")

    @rule
    def begin(self) -> None:
        """Begin as the parameters say, in the state the compound was built with."""
        self.competence = self.p.competence if self.state == State.WORKING else 0.0
        self.party_share = self.p.party_share
        # Who leads is there or is not, for years: a compound without them fails again and again.
        self.leaders = 2.0 * draw(self.index, 0, self.world.seed, _LEADERS)[0]
        self.turnout = np.nan

    @derived
    def works(self) -> bool:
        """Whether an elected committee is at work for the owners."""
        return self.state == State.WORKING and self.capture == Capture.REPRESENTATIVE

    @derived
    def idles(self) -> bool:
        """Whether it is nominal, lost or has walked off."""
        return State.NOMINAL <= self.state <= State.WALKED_OFF

    @rule
    def offer(self) -> None:
        """Set the named values that the committee stands for."""
        p, s = self.p, self.compound.signals
        opened, hours = s.transparency, s.compound_hours
        self.interim = self.interim_gives = 0.0
        if self.state == State.NONE or self.state == State.PREPARING or self.state == State.INTERIM:
            failed = p.image_failed * self.failed_votes
            s.committee_image = max(p.image_none - failed, p.image_least)
        elif self.state == State.ELECTED:
            s.committee_image = p.image_elected
        elif self.works:
            image = p.image_working + p.image_competence * self.competence
            s.committee_image = min(image, 1.0)
            s.supervision = self.competence
            if self.compound.firm.present:
                s.transparency += p.discloses * self.competence * (1.0 - s.transparency)
            s.compound_hours = s.compound_hours + p.hours * self.competence
        elif self.state == State.WORKING:
            s.committee_image = p.image_captured
            # A committee at war with the firm watches it, but not so that service gains much.
            s.supervision = p.confronts if self.capture == Capture.CONFRONTATIONAL else 0.0
            s.transparency = p.captured_openness * s.transparency
        else:
            s.committee_image = p.image_idle
        if self.stands_in and not self.works:
            self.interim = 1.0
            known = p.interim_known
            s.committee_image = (1.0 - known) * s.committee_image + known * p.interim_image
            s.supervision = max(s.supervision, p.interim_supervision)
            self.give_hours(p.interim_hours)
        on = self.parameters.arrows
        s.committee_image = through(on.committee_to_image, s.committee_image, p.image_none)
        s.supervision *= on.committee_to_supervision
        s.transparency = through(on.committee_to_accounts, s.transparency, opened)
        s.compound_hours = through(on.committee_to_handling, s.compound_hours, hours)

    @rule
    def give_hours(self, hours: float) -> None:
        """Let an interim committee have so many hours for issues this month; it is one, whoever set it up."""
        more = max(hours - self.interim_gives, 0.0)
        self.interim_gives += more
        self.compound.signals.compound_hours = self.compound.signals.compound_hours + more

    @rule
    def decide(self, chance: tuple[float, ...]) -> None:
        """Live one month of the committee's life.

        Args:
            chance: 4 draws of the committee's stream.
        """
        self.months_in_state += 1
        self._serve_interim()
        if self.state == State.NONE or self.state == State.INTERIM:
            self._think_of_election(chance)
        elif self.state == State.PREPARING:
            # Where owners are voting on something else, the election waits for its turn, then gathers its ballots.
            assembly, due = self.compound.assembly, self.months_in_state >= self.p.preparing_months
            if assembly.gathered(Matter.ELECT + 0, self.p.preparing_months) and due:
                self._hold_election(chance)
        elif self.state == State.ELECTED:
            if chance[0] < self.p.registers:
                self._enter(State.WORKING)
                self.stands_in = False
        else:
            self._serve_term(chance)

    @rule
    def _enter(self, state: int) -> None:
        self.state = state
        self.months_in_state = 0

    @derived
    def formed(self) -> bool:
        """Whether a committee has been elected, whatever it does."""
        return State.ELECTED <= self.state <= State.REFUSES_HANDOVER

    @rule
    def set_up_interim(self) -> None:
        """Let an interim committee stand in, set up by the street."""
        self.stands_in = True
        self.interim_months = 0
        if self.state == State.NONE:
            self._enter(State.INTERIM)

    @rule
    def _serve_interim(self) -> None:
        if not self.stands_in:
            return
        self.interim_months += 1
        if self.interim_months > self.p.interim_term:
            self.stands_in = False
            if self.state == State.INTERIM:
                self._enter(State.NONE)

    @rule
    def _think_of_election(self, chance: tuple[float, ...]) -> None:
        if self.failed_votes > 0 and self.months_in_state < self.p.discouraged_months:
            return
        p, compound = self.p, self.compound
        census = compound.census
        content = compound.per_household(census.satisfaction)
        upset = max(compound.per_household(census.grievance), 1.0 - content)
        on = self.parameters.arrows
        upset *= on.discontent_to_elections
        discontent = p.attempts_content + (1.0 - p.attempts_content) * upset
        care = compound.signals.committee_care * on.support_to_elections
        asked = p.attempts * discontent
        if self.lacks_candidates:
            # Those who would stand are those who begin it.
            asked = 0.0
        convened = p.convenes + (1.0 - p.convenes) * min(care, 1.0)
        if chance[0] < asked * convened:
            self._enter(State.PREPARING)
            compound.assembly.ask(Matter.ELECT + 0)

    @rule
    def _willing(self) -> float:
        """Candidates who stand, those won by talks and those turned away counted in."""
        p, compound = self.p, self.compound
        s = compound.signals
        own = p.candidates * (compound.households / THOUSAND) ** p.size_power
        heard = compound.per_household(compound.census.efficacy)
        usual = self.parameters.turnover.newcomer_trust
        own *= p.candidates_unheard + through(
            self.parameters.arrows.efficacy_to_candidates, heard, usual
        )
        own *= 1.0 + p.candidates_spread * (self.leaders / 2.0 - MIDDLE)
        own *= 1.0 + s.committee_care
        return (own + self.won_over) * (1.0 - s.candidate_bar)

    @derived
    def lacks_candidates(self) -> bool:
        """Whether fewer would stand than a committee needs; a small compound makes do with the smallest."""
        p, households = self.p, self.compound.households
        seats = min(p.seats, max(p.seats_least, round(households / p.households_per_seat)))
        return self._willing() < seats

    @rule
    def _hold_election(self, chance: tuple[float, ...]) -> None:
        p, compound = self.p, self.compound
        s, firm = compound.signals, compound.firm
        care = s.committee_care
        if firm.present:
            skims = firm.skimming * self.parameters.arrows.skimming_to_elections
            s.canvass = s.canvass - firm.p.obstruction * skims * (1.0 - care)
        found = not self.lacks_candidates
        matter, assembly = Matter.ELECT + 0, compound.assembly
        agreed = assembly.count(matter, assembly.appeal(matter))
        self.turnout = assembly.turnout
        self.won_over = 0.0
        if found and agreed:
            luck = p.competence_spread * (chance[1] - MIDDLE)
            gained = luck + p.competence_care * care + s.training
            self.competence = min(max(p.competence + gained, 0.0), 1.0)
            self.party_share = max(p.party_share, s.party_rule)
            self.capture = Capture.REPRESENTATIVE
            self.months_in_office = 0
            self._enter(State.ELECTED)
            return
        self.failed_votes += 1
        trust = self.world.households.trust_committee
        lost = p.vote_trust * self.parameters.arrows.failed_votes_to_committee_trust
        for i in range(compound.first, compound.last):
            trust[i] *= 1.0 - lost
        self._enter(State.INTERIM if self.stands_in else State.NONE)

    @rule
    def _serve_term(self, chance: tuple[float, ...]) -> None:
        self.months_in_office += 1
        p, s, firm = self.p, self.compound.signals, self.compound.firm
        if self.state == State.WORKING and self.capture == Capture.CONFRONTATIONAL:
            self._stir()
        steadied = 1.0 - p.party_steadies * self.party_share
        care = s.committee_care * self.parameters.arrows.support_to_steadiness
        steadied *= 1.0 - p.care_steadies * care
        if self.state == State.WORKING and chance[0] < p.idles * steadied:
            # Nominal, lost or gone, one as likely as the other.
            self._enter(State.NOMINAL + min(int(_IDLE * chance[1]), _IDLE - 1))
        elif self.works and chance[2] < p.captured * steadied:
            bribe = firm.skimming if firm.present else 0.0
            anger = self.compound.per_household(self.compound.census.grievance)
            # In the order of the captures they lead to.
            tempts = np.array([bribe, anger, p.self_serving])
            pick, kind, reached = chance[3] * exact_sum(tempts), 0, 0.0
            for tempting in tempts:
                reached += tempting
                kind += reached <= pick
            self.capture = Capture.COLLUDING + min(kind, len(tempts) - 1)
        elif self.idles and chance[2] < p.revives * care:
            self._enter(State.WORKING)
        if self.months_in_office >= p.term:
            if self.capture != Capture.REPRESENTATIVE and chance[1] < p.refuses:
                self._enter(State.REFUSES_HANDOVER)
                self.months_in_office = int((1.0 - p.asked_again) * p.term)
            else:
                self.capture = Capture.REPRESENTATIVE
                self._enter(State.PREPARING)

    @rule
    def _stir(self) -> None:
        # A committee at war with the firm leads those who trust it to withhold the fee: their grievance rises.
        h = self.world.households
        stirs = self.p.stirs * self.parameters.arrows.stirring_to_grievance
        tenure, trust, grievance = h.tenure, h.trust_committee, h.grievance
        for i in range(self.compound.first, self.compound.last):
            if tenure[i] != Tenure.VACANT:
                grievance[i] += stirs * trust[i] * (1.0 - grievance[i])
