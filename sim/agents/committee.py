"""The owners' committee (业委会): hard to elect, hard to keep working, easy to capture.

none -> preparing -> vote of all owners -> elected -> registered and working -> nominal, lost contact,
walked off, or refusing to hand over. Without one, an interim committee (物管会) may stand in.
"""

from __future__ import annotations

from enum import IntEnum
from math import fsum
from typing import TYPE_CHECKING, Literal

import mesa
import numpy as np

from sim.schema import Parameters, param

if TYPE_CHECKING:
    from sim.society.compound import Compound


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


_IDLE = (State.NOMINAL, State.LOST_CONTACT, State.WALKED_OFF)


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
        6,
        "Months after a failed vote before a new try",
        unit="month",
        low=0,
        high=60,
        zh="失败后间隔",
    )
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
        0.02,
        "Chance that an unsupported committee is captured",
        unit="1/month",
        low=0,
        high=1,
        zh="被俘获概率",
    )
    party_share: float = param(
        0.24, "Share of members who are party members", low=0, high=1, zh="党员比例",
        source="party majority in 24.3% of committees, Xiamen (anchors in docs/odd.md)",
    )  # fmt: skip
    party_steadies: float = param(
        0.5,
        "Share of those two chances that an all-party committee is spared",
        low=0,
        high=1,
        zh="党员约束作用",
    )
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
        40.0,
        "Hours a working committee has for issues",
        unit="hour/month",
        low=0,
        high=1000,
        zh="业委会工时",
    )
    vote_trust: float = param(
        0.06,
        "Trust in the committee lost by all when a vote fails",
        low=0,
        high=1,
        zh="选举失败对信任的影响",
    )


class OwnersCommittee(mesa.Agent):
    """The committee of one compound.

    Attributes:
        state, capture: Where it stands and whom it serves.
        interim: Strength of an interim committee standing in, 0 to 1 (set by its measure).
        failed_votes: Votes that failed so far.
        turnout: Share of owners who took part in the last vote; None before the first.
    """

    STATE = (
        "state", "capture", "competence", "party_share", "months_in_state", "months_in_office", "interim",
        "failed_votes", "turnout",
    )  # fmt: skip

    def __init__(
        self, model: mesa.Model, compound: Compound, parameters: CommitteeParameters
    ) -> None:
        super().__init__(model)
        self.compound = compound
        self.p = parameters
        working = parameters.state == "working"
        self.state = State.WORKING if working else State.NONE
        self.capture = Capture.REPRESENTATIVE
        self.competence = parameters.competence if working else 0.0
        self.party_share = parameters.party_share
        self.months_in_state = 0
        self.months_in_office = 0
        self.interim = 0.0
        self.failed_votes = 0
        self.turnout: float | None = None

    @property
    def works(self) -> bool:
        """Whether an elected committee is at work for the owners."""
        return self.state == State.WORKING and self.capture == Capture.REPRESENTATIVE

    def offer(self) -> None:
        """Set the named values that the committee stands for."""
        s = self.compound.signals
        self.interim = 0.0
        if self.state == State.NONE or self.state == State.PREPARING:
            s["committee_image"] = max(0.45 - 0.05 * self.failed_votes, 0.2)
        elif self.state == State.ELECTED:
            s["committee_image"] = 0.5
        elif self.works:
            s["committee_image"] = 0.5 + 0.4 * self.competence
            s["supervision"] = self.competence
            s["compound_hours"] = s["compound_hours"] + self.p.hours * self.competence
        elif self.state == State.WORKING:
            s["committee_image"] = 0.25
            # A committee at war with the firm watches it, but not so that service gains much.
            s["supervision"] = 0.2 if self.capture == Capture.CONFRONTATIONAL else 0.0
            s["transparency"] = 0.5 * s["transparency"]
        else:
            s["committee_image"] = 0.2

    def decide(self, chance: list[float]) -> None:
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

    def _enter(self, state: State) -> None:
        self.state = state
        self.months_in_state = 0

    def _think_of_election(self, chance: list[float]) -> None:
        if self.failed_votes and self.months_in_state < self.p.discouraged_months:
            return
        discontent = 0.3 + 0.7 * max(
            self.compound.mean("grievance"), 1.0 - self.compound.mean("satisfaction")
        )
        support = 1.0 + 3.0 * self.compound.signals["committee_care"]
        if chance[0] < self.p.attempts * discontent * support:
            self._enter(State.PREPARING)

    def _hold_election(self, chance: list[float]) -> None:
        s, firm = self.compound.signals, self.compound.firm
        care = s["committee_care"]
        s["canvass"] = s["canvass"] + 2.0 * self.p.drive * chance[2]
        if firm.present:
            s["canvass"] = s["canvass"] - firm.p.obstruction * firm.skimming * (1.0 - care)
        willing = self.p.candidates * self.compound.households / 1000.0
        willing *= 1.0 - s["candidate_bar"]
        willing *= (0.5 + self.compound.mean("efficacy")) * (1.0 + care) * (0.5 + chance[0])
        ballot = self.compound.assembly(0.35 + 0.5 * self.compound.column("trust_committee"))
        self.turnout = ballot.turnout_units
        # A small compound makes do with the smallest committee.
        seats = min(self.p.seats, max(3, round(self.compound.households / 200)))
        if willing >= seats and ballot.passes(self.p.quorum, self.p.majority):
            gained = 0.4 * (chance[1] - 0.5) + 0.2 * care + s["training"]
            self.competence = float(np.clip(self.p.competence + gained, 0.0, 1.0))
            self.party_share = max(self.p.party_share, s["party_rule"])
            self.capture = Capture.REPRESENTATIVE
            self.months_in_office = 0
            self._enter(State.ELECTED)
            return
        self.failed_votes += 1
        self.compound.column("trust_committee")[:] *= 1.0 - self.p.vote_trust
        self._enter(State.NONE)

    def _serve_term(self, chance: list[float]) -> None:
        self.months_in_office += 1
        s, firm = self.compound.signals, self.compound.firm
        steadied = (1.0 - self.p.party_steadies * self.party_share) * (
            1.0 - 0.8 * s["committee_care"]
        )
        if self.state == State.WORKING and chance[0] < self.p.idles * steadied:
            self._enter(_IDLE[min(int(3 * chance[1]), 2)])
        elif self.works and chance[2] < self.p.captured * steadied:
            tempts = (firm.skimming if firm.present else 0.0, self.compound.mean("grievance"), 0.3)
            pick = chance[3] * fsum(tempts)
            kind = int(np.searchsorted(np.cumsum(tempts), pick, side="right"))
            self.capture = Capture(1 + min(kind, 2))
        elif self.state in _IDLE and chance[2] < 0.2 * s["committee_care"]:
            self._enter(State.WORKING)
        if self.months_in_office >= self.p.term:
            if self.capture != Capture.REPRESENTATIVE and chance[1] < self.p.refuses:
                self._enter(State.REFUSES_HANDOVER)
                self.months_in_office = self.p.term // 2
            else:
                self.capture = Capture.REPRESENTATIVE
                self._enter(State.PREPARING)
