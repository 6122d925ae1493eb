"""The owners' committee (业委会): hard to elect, hard to keep working, easy to capture.

none -> preparing -> vote of all owners -> elected -> registered and working -> nominal, lost contact,
walked off, or refusing to hand over. Without one, an interim committee (物管会) may stand in.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import numpy as np

from sim.agents.actor import Actor
from sim.schema import Parameters, param
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import exact_sum


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
        s = self.compound.signals
        self.interim = 0.0
        if self.state == State.NONE or self.state == State.PREPARING:
            s.committee_image = max(0.45 - 0.05 * self.failed_votes, 0.2)
        elif self.state == State.ELECTED:
            s.committee_image = 0.5
        elif self.works:
            s.committee_image = 0.5 + 0.4 * self.competence
            s.supervision = self.competence
            s.compound_hours = s.compound_hours + self.p.hours * self.competence
        elif self.state == State.WORKING:
            s.committee_image = 0.25
            # A committee at war with the firm watches it, but not so that service gains much.
            s.supervision = 0.2 if self.capture == Capture.CONFRONTATIONAL else 0.0
            s.transparency = 0.5 * s.transparency
        else:
            s.committee_image = 0.2

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
        compound = self.compound
        census = compound.census
        upset = max(
            compound.per_household(census.grievance),
            1.0 - compound.per_household(census.satisfaction),
        )
        discontent = 0.3 + 0.7 * upset
        support = 1.0 + 3.0 * compound.signals.committee_care
        if chance[0] < self.p.attempts * discontent * support:
            self._enter(State.PREPARING)

    @rule
    def _hold_election(self, chance: tuple[float, ...]) -> None:
        p, compound = self.p, self.compound
        s, firm = compound.signals, compound.firm
        care = s.committee_care
        s.canvass = s.canvass + 2.0 * p.drive * chance[2]
        if firm.present:
            s.canvass = s.canvass - firm.p.obstruction * firm.skimming * (1.0 - care)
        willing = p.candidates * compound.households / 1000.0
        willing *= 1.0 - s.candidate_bar
        willing *= (
            (0.5 + compound.per_household(compound.census.efficacy))
            * (1.0 + care)
            * (0.5 + chance[0])
        )
        trust = self.world.households.trust_committee[compound.first : compound.last]
        appeal = np.empty(len(trust))
        for i in range(len(trust)):
            appeal[i] = 0.35 + 0.5 * trust[i]
        ballot = compound.assembly(appeal)
        self.turnout = ballot.turnout_units
        # A small compound makes do with the smallest committee.
        seats = min(p.seats, max(3, round(compound.households / 200)))
        enough = min(ballot.turnout_units, ballot.turnout_area) >= p.quorum
        agreed = min(ballot.agreed_units, ballot.agreed_area) > p.majority
        if willing >= seats and enough and agreed:
            gained = 0.4 * (chance[1] - 0.5) + 0.2 * care + s.training
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
        steadied *= 1.0 - 0.8 * s.committee_care
        if self.state == State.WORKING and chance[0] < p.idles * steadied:
            # Nominal, lost or gone, one as likely as the other.
            self._enter(State.NOMINAL + min(int(3 * chance[1]), 2))
        elif self.works and chance[2] < p.captured * steadied:
            tempts = np.array(
                [
                    firm.skimming if firm.present else 0.0,
                    self.compound.per_household(self.compound.census.grievance),
                    0.3,
                ]
            )
            pick, kind, reached = chance[3] * exact_sum(tempts), 0, 0.0
            for tempting in tempts:
                reached += tempting
                kind += reached <= pick
            self.capture = 1 + min(kind, 2)
        elif self.idles and chance[2] < 0.2 * s.committee_care:
            self._enter(State.WORKING)
        if self.months_in_office >= p.term:
            if self.capture != Capture.REPRESENTATIVE and chance[1] < p.refuses:
                self._enter(State.REFUSES_HANDOVER)
                self.months_in_office = int(p.term) // 2
            else:
                self.capture = Capture.REPRESENTATIVE
                self._enter(State.PREPARING)
