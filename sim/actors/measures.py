"""Measures as rows whose ``act`` is compiled: three of today's, in today's words."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.actors.compound import Payer
from sim.measures import contact, supervision
from sim.measures import firm as firm_measures
from sim.world import native
from sim.world.declare import Row, column
from sim.world.native import derived, register_row, rule

FIRM, PUBLIC = int(Payer.FIRM), int(Payer.PUBLIC)


@register_row
class Entry(Row, table="measures"):
    """A measure as it stands in a policy: when it is in force and how strongly."""

    start: int = column("i8", "month", "any", "first month in force", fixed=True)
    end: int = column("i8", "month", "any", "month at whose beginning it is withdrawn", fixed=True)
    ramp: int = column("i8", "month", "1 or more", "months until it works in full", fixed=True)
    dose: float = column("f8", "1", "0 to 2", "strength relative to its full form", fixed=True)
    p_at: int = column("i8", "byte", "0 or more", "where its parameters begin", fixed=True)
    states_at: int = column("i8", "byte", "0 or more", "where its memory begins", fixed=True)

    @property
    def p(self) -> Any:
        """Its parameters."""
        return self._own("own_parameters", self.p_at, native.GROUPS[self.kind_name], 1)[0]

    @property
    def states(self) -> Any:
        """What it remembers of each compound."""
        return self._own("states", self.states_at, self.memory, len(self.world.compounds))

    def _own(self, heap: str, at: int, dtype: np.dtype[Any], rows: int) -> Any:
        return np.frombuffer(getattr(self.world, heap), dtype, rows, offset=at).view(np.recarray)

    @derived
    def label(self) -> int:
        """Under what costs are booked."""
        return self.index

    @derived
    def in_force(self) -> bool:
        """Whether this month lies between its start and end, as far as it has one."""
        return self.start <= self.world.month < self.end

    @derived
    def strength(self) -> float:
        """Dose this month: 0 out of force, rising over the ramp to ``dose``."""
        if not self.in_force:
            return 0.0
        return self.dose * min(1.0, (self.world.month - self.start + 1) / self.ramp)


COMPILED: dict[type, type[Entry]] = {}
"""Today's measure -> the same compiled."""


def compiled(measure: type, state: list[Any] | None = None) -> Any:
    """Class decorator: the compiled form of a measure, with what it remembers of each compound."""

    def put(row: type[Entry]) -> type[Entry]:
        row.memory = np.dtype(state or [("nothing", "i1")], align=True)
        native.GROUPS[row.kind_name] = measure.Parameters().record.dtype  # type: ignore[attr-defined]
        COMPILED[measure] = row
        return register_row(row)

    return put


@compiled(contact.MemberContact)
class MemberContact(Entry, table="measures", kind_name="member_contact"):
    """Each active member keeps contact with a number of households and visits them in turn."""

    @rule
    def act(self, compound: Any, strength: float) -> None:
        """Assign households to members, and ask for the hours the visits need."""
        p, s, cell = self.p, compound.signals, compound.cell
        assigned = min(p.quota * cell.members * p.coverage * strength, compound.census.occupied)
        share = assigned / max(compound.census.occupied, 1.0)
        s.visit_share = min(s.visit_share + share, 1.0)
        s.visit_every = p.every
        s.visit_boost = p.boost
        s.mediation = min(s.mediation + p.mediates * share, 1.0)
        cell.ask(self.label, assigned / p.every * p.hours_each)


@compiled(supervision.Disclosure, [("known", "?"), ("founded", "i8")])
class Disclosure(Entry, table="measures", kind_name="disclosure"):
    """Accounts come out each quarter, and residents review them."""

    @rule
    def act(self, compound: Any, strength: float) -> None:
        """Publish when a period is over; what was published stays known until the next time."""
        p, s, firm = self.p, compound.signals, compound.firm
        accounts = self.states[compound.index]
        if not firm.present:
            accounts.known = False
            return
        full = min(strength * p.coverage, 1.0)
        if (compound.month - p.start + 1) % p.every == 0:
            self._publish(compound, full)
            accounts.known, accounts.founded = True, firm.founded
        # Accounts of a firm that has left say nothing about the one that came.
        if not accounts.known or accounts.founded != firm.founded:
            return
        seen, gain = s.transparency, p.openness * full
        s.transparency = seen + gain * (1.0 - seen) if gain > 0.0 else seen * (1.0 + gain)
        weight, watched = s.published, s.supervision
        s.published = weight + p.published * full * (1.0 - weight)
        s.supervision = watched + p.review * full * (1.0 - watched)

    @rule
    def _publish(self, compound: Any, full: float) -> None:
        p, s, community = self.p, compound.signals, compound.community
        found = p.checks * full * community.fidelity * compound.firm.skimming
        s.revealed = max(s.revealed, found)
        hours = min(p.firm_hours * full, s.compound_hours)
        s.compound_hours = s.compound_hours - hours
        compound.spend(self.label, FIRM, hours=hours)
        community.ask(compound, self.label, p.community_hours * full)
        compound.spend(self.label, PUBLIC, yuan=p.yuan_each * full)


@compiled(firm_measures.FirmTender, [("begun", "?"), ("done", "?"), ("vote", "i8")])
class FirmTender(Entry, table="measures", kind_name="firm_tender"):
    """Owners choose the firm in an open contest; a firm led by an owner may win."""

    @rule
    def act(self, compound: Any, strength: float) -> None:
        """Prepare, put it to the vote, and hand over if the vote passes."""
        p, s, contest = self.p, compound.signals, self.states[compound.index]
        if not contest.begun:
            contest.begun, contest.vote = True, compound.month + int(p.preparation)
        if contest.done:
            return
        compound.community.ask(compound, self.label, p.community_hours * strength)
        s.canvass = s.canvass + p.canvass * p.coverage * strength
        if compound.month < contest.vote:
            return
        compound.spend(self.label, PUBLIC, yuan=p.yuan)
        trust = compound.world.households.trust_firm[compound.first : compound.last]
        change = np.empty(len(trust))
        for i in range(len(trust)):
            change[i] = 0.4 + 0.6 * (1.0 - trust[i])
        law = compound.committee.p
        if compound.votes(change, law.quorum, law.majority):
            contest.done = True
            compound.firm.hand_over(p.diligence, p.transparency, p.skimming, p.owner_led != 0.0)
            for i in range(len(trust)):
                trust[i] = max(trust[i], p.goodwill)
        else:
            contest.vote = compound.month + int(p.retry)
