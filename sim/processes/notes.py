"""What is written down of a month: the rows of numbers that indicators are made of."""

from __future__ import annotations

import numpy as np

from sim.compiled import kernel
from sim.processes.issues import COUNTS
from sim.processes.service import LINES
from sim.world.numbers import exact_sum, pairwise_sum
from sim.world.process import How, process
from sim.world.tables import COUNTED

STATES = (
    "visit_share", "cell_fidelity", "cell_asked", "firm_present", "firm_cash_fen", "works", "state",
    "capture", "interim", "failed_votes", "turnout", "legacy", "other_calls", "hours", "yuan", "year_fees_fen",
    "year_collected_fen", "year_cash_fen", "firm_staff", "firm_result_fen", "firm_changes", "provider",
    "formed", "votes_held", "firms_dismissed", "fund_fen", "taken_fen",
    "parking_short", "built_0", "built_1", "built_2",
)  # fmt: skip
"""What is noted of institutions and costs, in the order in which ``note`` writes them."""

NOTES = (
    *COUNTED,
    *(f"issues_{name}" for name in COUNTS),
    "ties",
    *(f"condition_{line}" for line in range(LINES)),
    *(f"effort_{line}" for line in range(LINES)),
    *STATES,
)
"""What is written down of one compound and month."""


@process(How.WORLD)
def note(world):  # type: ignore[no-untyped-def]
    """The month is written down."""
    costs, start = _costs_by_compound(world)
    for c in range(world.number_of_compounds):
        compound, to = world.compounds[c], world.notes[world.lived, c]
        compound.unsolved = int(compound.worked.open)
        k = _copy(to, 0, world.census.numbers[c])
        k = _copy(to, k, world.worked.numbers[c])
        tied = world.buildings.tied[compound.first_building : compound.last_building]
        strengths = tied[0] + pairwise_sum(tied[1:])
        to[k] = strengths / compound.tie_count if compound.tie_count > 0.0 else np.nan
        k = _copy(to, k + 1, compound.condition)
        k = _copy(to, k, compound.effort)
        cell, firm, committee = compound.cell, compound.firm, compound.committee
        to[k], to[k + 1] = compound.signals.visit_share, cell.fidelity
        to[k + 2] = cell.hours_asked
        to[k + 3], to[k + 4] = firm.present, firm.cash_fen
        to[k + 5], to[k + 6], to[k + 7] = committee.works, committee.state, committee.capture
        to[k + 8], to[k + 9] = committee.interim, committee.failed_votes
        to[k + 10], to[k + 11] = committee.turnout, compound.developer.legacy
        to[k + 12] = compound.community.p.other_calls
        of_month = costs[start[c] : start[c + 1]]
        to[k + 13] = exact_sum(_picked(world.ledger.hours, of_month))
        to[k + 14] = exact_sum(_picked(world.ledger.yuan, of_month))
        to[k + 15], to[k + 16] = compound.fees_of_year_fen, compound.year_collected_fen
        to[k + 17] = compound.year_cash_fen
        to[k + 18], to[k + 19] = firm.staff, firm.year_result_fen
        to[k + 20], to[k + 21] = firm.changes, firm.provider
        assembly, fund = compound.assembly, compound.fund
        to[k + 22], to[k + 23], to[k + 24] = committee.formed, assembly.held, assembly.dismissals
        to[k + 25], to[k + 26] = fund.fund_fen, fund.taken_fen
        to[k + 27] = compound.parking_short
        _copy(to, k + 28, compound.built)
    world.lived += 1


@kernel
def _copy(to, k, values):  # type: ignore[no-untyped-def]
    for i in range(len(values)):
        to[k + i] = values[i]
    return k + len(values)


@kernel
def _picked(values, at):  # type: ignore[no-untyped-def]
    picked = np.empty(len(at))
    for i in range(len(at)):
        picked[i] = values[at[i]]
    return picked


@kernel
def _costs_by_compound(world):  # type: ignore[no-untyped-def]
    """Rows of this month's costs, a compound's behind each other, and where each compound's begin."""
    ledger, end = world.ledger, world.booked
    first = end
    while first > 0 and ledger.month[first - 1] == world.month:
        first -= 1
    start = np.zeros(world.number_of_compounds + 1, np.int64)
    for k in range(first, end):
        start[ledger.compound[k] + 1] += 1
    for c in range(world.number_of_compounds):
        start[c + 1] += start[c]
    order, filled = np.empty(end - first, np.int64), start.copy()
    for k in range(first, end):
        at = ledger.compound[k]
        order[filled[at]] = k
        filled[at] += 1
    return order, start
