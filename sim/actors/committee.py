"""The owners' committee (业委会): hard to elect, hard to keep working, easy to capture."""

from __future__ import annotations

import numpy as np

from sim.actors.actor import Actor
from sim.agents.committee import Capture, State
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import exact_sum

NONE, PREPARING, ELECTED, WORKING = (
    int(s) for s in (State.NONE, State.PREPARING, State.ELECTED, State.WORKING)
)
NOMINAL, WALKED_OFF, REFUSES = (
    int(s) for s in (State.NOMINAL, State.WALKED_OFF, State.REFUSES_HANDOVER)
)
REPRESENTATIVE, CONFRONTATIONAL = int(Capture.REPRESENTATIVE), int(Capture.CONFRONTATIONAL)


@register_row
class OwnersCommittee(Actor, table="committees", parameters="committee"):
    """The committee of one compound."""

    kind: int = column("i8", "index", "0 or more", "which set of parameters holds here", fixed=True)
    state: int = column("i8", "code", "State", "where it stands in its life")
    capture: int = column("i8", "code", "Capture", "whose interest it serves")
    competence: float = column("f8", "1", "0 to 1", "competence")
    party_share: float = column("f8", "1", "0 to 1", "share of members who are party members")
    months_in_state: int = column("i8", "month", "0 or more", "months in this state")
    months_in_office: int = column("i8", "month", "0 or more", "months of the term")
    interim: float = column("f8", "1", "0 to 1", "strength of an interim committee standing in")
    failed_votes: int = column("i8", "vote", "0 or more", "votes that failed so far")
    turnout: float = column(
        "f8", "1", "0 to 1", "share of owners in the last vote; NaN before the first"
    )

    compound = link("compounds")

    @derived
    def works(self) -> bool:
        """Whether an elected committee is at work for the owners."""
        return self.state == WORKING and self.capture == REPRESENTATIVE

    @derived
    def idles(self) -> bool:
        """Whether it is nominal, lost or has walked off."""
        return NOMINAL <= self.state <= WALKED_OFF

    @rule
    def offer(self) -> None:
        """Set the named values that the committee stands for."""
        s = self.compound.signals
        self.interim = 0.0
        if self.state == NONE or self.state == PREPARING:
            s.committee_image = max(0.45 - 0.05 * self.failed_votes, 0.2)
        elif self.state == ELECTED:
            s.committee_image = 0.5
        elif self.works:
            s.committee_image = 0.5 + 0.4 * self.competence
            s.supervision = self.competence
            s.compound_hours = s.compound_hours + self.p.hours * self.competence
        elif self.state == WORKING:
            s.committee_image = 0.25
            # A committee at war with the firm watches it, but not so that service gains much.
            s.supervision = 0.2 if self.capture == CONFRONTATIONAL else 0.0
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
        if self.state == NONE:
            self._think_of_election(chance)
        elif self.state == PREPARING:
            if self.months_in_state >= self.p.preparing_months:
                self._hold_election(chance)
        elif self.state == ELECTED:
            if chance[0] < self.p.registers:
                self._enter(WORKING)
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
            self._enter(PREPARING)

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
            self.capture = REPRESENTATIVE
            self.months_in_office = 0
            self._enter(ELECTED)
            return
        self.failed_votes += 1
        for i in range(len(trust)):
            trust[i] *= 1.0 - p.vote_trust
        self._enter(NONE)

    @rule
    def _serve_term(self, chance: tuple[float, ...]) -> None:
        self.months_in_office += 1
        p, s, firm = self.p, self.compound.signals, self.compound.firm
        steadied = 1.0 - p.party_steadies * self.party_share
        steadied *= 1.0 - 0.8 * s.committee_care
        if self.state == WORKING and chance[0] < p.idles * steadied:
            self._enter(NOMINAL + min(int(3 * chance[1]), 2))
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
            self._enter(WORKING)
        if self.months_in_office >= p.term:
            if self.capture != REPRESENTATIVE and chance[1] < p.refuses:
                self._enter(REFUSES)
                self.months_in_office = int(p.term) // 2
            else:
                self.capture = REPRESENTATIVE
                self._enter(PREPARING)
