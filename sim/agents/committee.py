"""The owners' committee (业委会): hard to elect, hard to keep working, easy to capture.

none -> preparing -> vote of all owners -> elected -> registered and working -> nominal, lost contact,
walked off, or refusing to hand over. Without one, an interim committee (物管会) may stand in.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import numpy as np

from sim.agents.actor import Actor
from sim.agents.compound import passes
from sim.schema import Parameters, param
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import exact_sum
from sim.world.units import MIDDLE, THOUSAND


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

    state: Literal["none", "working"] = param("none", "State at the start", zh="初始状态")
    attempts: float = param(
        0.15, "Chance that owners start preparing an election, at full discontent", unit="1/month",
        low=0, high=1, zh="发起筹备概率",
    )  # fmt: skip
    preparing_months: int = param(
        4, "Months from start to vote", unit="month", low=1, high=36, zh="筹备月数"
    )
    discouraged_months: int = param(
        6, "Months after a failed vote before a new try", unit="month", low=0, high=60,
        zh="失败后间隔",
    )  # fmt: skip
    quorum: float = param(
        2 / 3, "Share of owners and of area that must take part in a vote", low=0, high=1, zh="参与门槛",
        source="Civil Code art. 278",
    )  # fmt: skip
    majority: float = param(
        0.5, "Share of those taking part that must agree", low=0, high=1, zh="同意门槛",
        source="Civil Code art. 278",
    )  # fmt: skip
    candidates: float = param(
        4.0, "Willing candidates per 1,000 households, before discouragement", unit="1", low=0, high=50,
        zh="愿任候选人",
        source="few are willing (人选难): seed 000; size assumed",
    )  # fmt: skip
    seats: int = param(5, "Members a committee needs", unit="person", low=3, high=15, zh="委员人数")
    registers: float = param(
        0.35, "Chance that an elected committee is registered and starts work", unit="1/month", low=0, high=1,
        zh="备案概率",
        source="filing is slow (备案难): seed 000; size assumed",
    )  # fmt: skip
    term: int = param(48, "Term of office", unit="month", low=12, high=120, zh="任期")
    competence: float = param(
        0.5, "Mean competence of an elected committee", low=0, high=1, zh="履职能力"
    )
    idles: float = param(
        0.03, "Chance that an unsupported committee turns nominal, loses contact or walks off",
        unit="1/month", low=0, high=1, zh="空转失联概率",
    )  # fmt: skip
    captured: float = param(
        0.02, "Chance that an unsupported committee is captured", unit="1/month", low=0, high=1,
        zh="被俘获概率",
    )  # fmt: skip
    party_share: float = param(
        0.24, "Share of members who are party members", low=0, high=1, zh="党员比例",
        source="party majority in 24.3% of committees, Xiamen (anchors in docs/odd.md)",
    )  # fmt: skip
    party_steadies: float = param(
        0.5, "Share of those two chances that an all-party committee is spared", low=0, high=1,
        zh="党员约束作用",
    )  # fmt: skip
    refuses: float = param(
        0.15, "Chance that a captured committee refuses to hand over at the end of its term",
        low=0, high=1, zh="拒交接概率",
    )  # fmt: skip
    drive: float = param(
        1.1, "Mean push to vote by owners who prepare an election, from none to twice this", unit="logit",
        low=0, high=4, zh="筹备组自发动员",
        source="assumed; so that, as in the seeds, fewer than 30% of compounds get a committee",
    )  # fmt: skip
    hours: float = param(
        40.0, "Hours a working committee has for issues", unit="hour/month", low=0, high=1000,
        zh="业委会工时",
    )  # fmt: skip
    image_none: float = param(
        0.45, "What owners see where no committee is elected and no vote has failed", low=0, high=1,
        zh="无业委会时的观感",
    )  # fmt: skip
    image_failed: float = param(
        0.05, "Less of that for each failed vote", unit="1/vote", low=0, high=1,
        zh="每次流选的观感损失",
    )  # fmt: skip
    image_least: float = param(
        0.2, "Least of that, however many votes failed", low=0, high=1, zh="流选后的观感下限"
    )
    image_elected: float = param(
        0.5, "What owners see of a committee not yet registered", low=0, high=1, zh="待备案时的观感"
    )
    image_working: float = param(
        0.5, "What owners see of a working committee without competence", low=0, high=1,
        zh="正常履职的基础观感",
    )  # fmt: skip
    image_competence: float = param(
        0.4, "More of that at full competence", low=0, high=1, zh="履职能力带来的观感"
    )
    image_captured: float = param(
        0.25, "What owners see of a captured committee at work", low=0, high=1, zh="被俘获时的观感"
    )
    image_idle: float = param(
        0.2, "What owners see of one that is nominal, lost, walked off or refuses to hand over", low=0,
        high=1, zh="空转或拒交接时的观感",
    )  # fmt: skip
    confronts: float = param(
        0.2, "Supervision of the firm by a confrontational committee", low=0, high=1,
        zh="对抗型业委会监督力度",
    )  # fmt: skip
    captured_openness: float = param(
        0.5, "Share of the firm's open accounts that residents still see under a captured committee",
        low=0, high=1, zh="被俘获时账目公开留存",
    )  # fmt: skip
    attempts_content: float = param(
        0.3, "Share of the chance to prepare an election that is left where nobody is discontent", low=0,
        high=1, zh="无不满时的筹备意愿",
    )  # fmt: skip
    attempts_care: float = param(
        3.0, "Gain in that chance from full support, relative", low=0, high=20,
        zh="扶持对筹备的促进",
    )  # fmt: skip
    candidates_unheard: float = param(
        0.5, "Share of candidates willing where nobody feels heard; the feeling of being heard adds to it",
        low=0, high=2, zh="无效能感时参选意愿",
    )  # fmt: skip
    candidates_spread: float = param(
        1.0, "Width of the range that chance gives the number of candidates, relative to its mean", low=0,
        high=2, zh="参选人数波动",
    )  # fmt: skip
    agrees: float = param(
        0.35, "Chance that an owner without trust in committees agrees to one", low=0, high=1,
        zh="无信任业主同意率",
    )  # fmt: skip
    agrees_trust: float = param(
        0.5, "More of that chance at full trust", low=0, high=1, zh="信任对同意率的提升"
    )
    seats_least: int = param(
        3, "Members that the smallest committee needs", unit="person", low=1, high=15,
        zh="最少委员人数",
    )  # fmt: skip
    households_per_seat: int = param(
        200, "Households for each member that a small compound needs", unit="household", low=10,
        high=5000, zh="每名委员对应户数",
    )  # fmt: skip
    competence_spread: float = param(
        0.4, "Width of the range that chance gives the competence of those elected", low=0, high=1,
        zh="履职能力波动",
    )  # fmt: skip
    competence_care: float = param(
        0.2, "Competence that those elected gain from full support", low=0, high=1,
        zh="扶持带来的履职能力",
    )  # fmt: skip
    care_steadies: float = param(
        0.8, "Share of the chances to idle and to be captured that full support spares", low=0, high=1,
        zh="扶持约束作用",
    )  # fmt: skip
    self_serving: float = param(
        0.3, "Weight of own interest among what captures, beside skimming and mean grievance", low=0,
        high=2, zh="谋私倾向权重",
    )  # fmt: skip
    revives: float = param(
        0.2, "Chance that an idle committee is at work again, under full support", unit="1/month", low=0,
        high=1, zh="空转后恢复履职概率",
    )  # fmt: skip
    asked_again: float = param(
        0.5, "Part of a term after which one that refused is asked again to hand over", low=0, high=1,
        zh="再次要求交接间隔",
    )  # fmt: skip
    vote_trust: float = param(
        0.06, "Trust in the committee lost by all when a vote fails", low=0, high=1,
        zh="选举失败对信任的影响",
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
        self.interim = 0.0
        if self.state == State.NONE or self.state == State.PREPARING:
            failed = p.image_failed * self.failed_votes
            s.committee_image = max(p.image_none - failed, p.image_least)
        elif self.state == State.ELECTED:
            s.committee_image = p.image_elected
        elif self.works:
            image = p.image_working + p.image_competence * self.competence
            s.committee_image = min(image, 1.0)
            s.supervision = self.competence
            s.compound_hours = s.compound_hours + p.hours * self.competence
        elif self.state == State.WORKING:
            s.committee_image = p.image_captured
            # A committee at war with the firm watches it, but not so that service gains much.
            s.supervision = p.confronts if self.capture == Capture.CONFRONTATIONAL else 0.0
            s.transparency = p.captured_openness * s.transparency
        else:
            s.committee_image = p.image_idle

    @rule
    def decide(self, chance: tuple[float, ...]) -> None:
        """Live one month of the committee's life.

        Args:
            chance: 4 draws of the committee's stream.
        """
        self.months_in_state += 1
        if self.state == State.NONE:
            self._think_of_election(chance)
        elif self.state == State.PREPARING:
            if self.months_in_state >= self.p.preparing_months:
                self._hold_election(chance)
        elif self.state == State.ELECTED:
            if chance[0] < self.p.registers:
                self._enter(State.WORKING)
        else:
            self._serve_term(chance)

    @rule
    def _enter(self, state: int) -> None:
        self.state = state
        self.months_in_state = 0

    @rule
    def _think_of_election(self, chance: tuple[float, ...]) -> None:
        if self.failed_votes > 0 and self.months_in_state < self.p.discouraged_months:
            return
        p, compound = self.p, self.compound
        census = compound.census
        upset = max(
            compound.per_household(census.grievance),
            1.0 - compound.per_household(census.satisfaction),
        )
        discontent = p.attempts_content + (1.0 - p.attempts_content) * upset
        support = 1.0 + p.attempts_care * compound.signals.committee_care
        if chance[0] < p.attempts * discontent * support:
            self._enter(State.PREPARING)

    @rule
    def _hold_election(self, chance: tuple[float, ...]) -> None:
        p, compound = self.p, self.compound
        s, firm = compound.signals, compound.firm
        care = s.committee_care
        # Anything from none to twice the mean.
        s.canvass = s.canvass + 2.0 * p.drive * chance[2]
        if firm.present:
            s.canvass = s.canvass - firm.p.obstruction * firm.skimming * (1.0 - care)
        willing = p.candidates * compound.households / THOUSAND
        willing *= 1.0 - s.candidate_bar
        heard = p.candidates_unheard + compound.per_household(compound.census.efficacy)
        willing *= heard * (1.0 + care) * (1.0 + p.candidates_spread * (chance[0] - MIDDLE))
        trust = self.world.households.trust_committee[compound.first : compound.last]
        appeal = np.empty(len(trust))
        for i in range(len(trust)):
            appeal[i] = p.agrees + p.agrees_trust * trust[i]
        ballot = compound.assembly(appeal)
        self.turnout = ballot.turnout_units
        # A small compound makes do with the smallest committee.
        seats = min(p.seats, max(p.seats_least, round(compound.households / p.households_per_seat)))
        if willing >= seats and passes(ballot, p.quorum, p.majority):
            luck = p.competence_spread * (chance[1] - MIDDLE)
            gained = luck + p.competence_care * care + s.training
            self.competence = min(max(p.competence + gained, 0.0), 1.0)
            self.party_share = max(p.party_share, s.party_rule)
            self.capture = Capture.REPRESENTATIVE
            self.months_in_office = 0
            self._enter(State.ELECTED)
            return
        self.failed_votes += 1
        for i in range(len(trust)):
            trust[i] *= 1.0 - p.vote_trust
        self._enter(State.NONE)

    @rule
    def _serve_term(self, chance: tuple[float, ...]) -> None:
        self.months_in_office += 1
        p, s, firm = self.p, self.compound.signals, self.compound.firm
        steadied = 1.0 - p.party_steadies * self.party_share
        steadied *= 1.0 - p.care_steadies * s.committee_care
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
        elif self.idles and chance[2] < p.revives * s.committee_care:
            self._enter(State.WORKING)
        if self.months_in_office >= p.term:
            if self.capture != Capture.REPRESENTATIVE and chance[1] < p.refuses:
                self._enter(State.REFUSES_HANDOVER)
                self.months_in_office = int((1.0 - p.asked_again) * p.term)
            else:
                self.capture = Capture.REPRESENTATIVE
                self._enter(State.PREPARING)
