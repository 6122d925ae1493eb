"""The census: what is counted over households each month, per compound, in a fixed order."""

from __future__ import annotations

import numpy as np

from sim.compiled import kernel, rows

COUNTED = (
    "units", "occupied", "owners", "members", "active",
    "due_fen", "collected_fen", "recovered_fen", "arrears_fen", "payers",
    "satisfied", "satisfaction", "trust_firm", "trust_committee", "trust_cell", "grievance", "efficacy",
    "stage_1", "stage_2", "stage_3", "stage_4", "misuse", "attended", "invited", "free_riders",
    "calls", "petitions", "contact", "moved",
    "young", "young_satisfaction", "working", "working_satisfaction",
    "elderly", "elderly_satisfaction", "tenants", "tenant_satisfaction",
)  # fmt: skip
"""Sums over the households of a compound. Money in fen; the rest are counts or sums of [0, 1] states.

``free_riders`` are satisfied households that did not pay this month (搭便车).
"""

CENSUS_TYPE = np.dtype([(name, np.float64) for name in COUNTED])


(
    UNITS, OCCUPIED, OWNERS, MEMBERS, ACTIVE, DUE, COLLECTED, RECOVERED, ARREARS, PAYERS,
    SATISFIED, SATISFACTION, TRUST_FIRM, TRUST_COMMITTEE, TRUST_CELL, GRIEVANCE, EFFICACY,
    STAGE_1, STAGE_2, STAGE_3, STAGE_4, MISUSE, ATTENDED, INVITED, FREE_RIDERS,
    CALLS, PETITIONS, CONTACT, MOVED, YOUNG, YOUNG_SATISFACTION, WORKING, WORKING_SATISFACTION,
    ELDERLY, ELDERLY_SATISFACTION, TENANTS, TENANT_SATISFACTION,
) = range(len(COUNTED))  # fmt: skip


@kernel
def count(first, last, building_end, signals, meeting, compound, building, *columns):  # type: ignore[no-untyped-def]
    """Count rows [first, last), with the arguments of ``_count_building`` after ``building_end``."""
    b = first
    while b < last:
        a, b = b, min(building_end[building[b]], last)
        _count_building(a, b, signals, meeting, compound, building, *columns)


@kernel
def _count_building(  # type: ignore[no-untyped-def]
    first, last, signals, meeting, compound, building, tenure, life, member, active, fee_fen, paid,
    recovered_fen, arrears_fen, satisfaction, trust_firm, trust_committee, trust_cell, grievance,
    efficacy, stage, misuse, attended, called, petitioned, contact, moved, out,
):  # fmt: skip
    """Add rows [first, last), which are of one building, to its sums in ``out`` (buildings, len(COUNTED)).

    Rows of one building come in order and by one thread, and the later sum over buildings runs in
    building order, so neither threads nor blocks can change a bit of a sum.
    """
    b = building[first]
    row, met = out[b], meeting[b]
    asked = signals[compound[first]].firm_present > 0.0
    # Counts and money are whole numbers, so integers hold them exactly, in whatever order.
    occupied = owners = members = actives = payers = satisfied = misusing = 0
    attending = free_riding = calls = petitions = movers = renting = due = collected = 0
    recovered = owed = young = working = elderly = at_1 = at_2 = at_3 = at_4 = 0
    for i in rows(first, last):
        lived_in = tenure[i] != 2
        due += fee_fen[i]
        collected += fee_fen[i] if paid[i] else 0
        recovered += recovered_fen[i]
        payers += paid[i]
        owed += arrears_fen[i]
        movers += moved[i]
        occupied += lived_in
        owners += tenure[i] == 0
        renting += tenure[i] == 1
        members += lived_in & (member[i] == 1)
        actives += lived_in & (active[i] == 1)
        happy = lived_in & (satisfaction[i] > 0.5)
        satisfied += happy
        free_riding += happy & (paid[i] == 0)
        misusing += lived_in & (misuse[i] == 1)
        attending += lived_in & (attended[i] & 1 == 1)
        calls += lived_in & (called[i] == 1)
        petitions += lived_in & (petitioned[i] == 1)
        young += lived_in & (life[i] == 0)
        working += lived_in & (life[i] == 1)
        elderly += lived_in & (life[i] == 2)
        at_1 += lived_in & (stage[i] == 1)
        at_2 += lived_in & (stage[i] == 2)
        at_3 += lived_in & (stage[i] == 3)
        at_4 += lived_in & (stage[i] == 4)
    row[UNITS] += last - first
    if asked:
        row[DUE] += due
        row[COLLECTED] += collected
        row[RECOVERED] += recovered
        row[PAYERS] += payers
        row[FREE_RIDERS] += free_riding
    row[ARREARS] += owed
    row[MOVED] += movers
    row[OCCUPIED] += occupied
    row[OWNERS] += owners
    row[MEMBERS] += members
    row[ACTIVE] += actives
    row[SATISFIED] += satisfied
    row[MISUSE] += misusing
    row[ATTENDED] += attending * met
    row[INVITED] += occupied * met
    row[CALLS] += calls
    row[PETITIONS] += petitions
    row[TENANTS] += renting
    row[YOUNG] += young
    row[WORKING] += working
    row[ELDERLY] += elderly
    row[STAGE_1] += at_1
    row[STAGE_2] += at_2
    row[STAGE_3] += at_3
    row[STAGE_4] += at_4
    _add_up(
        first, last, row, tenure, life, satisfaction, trust_firm, trust_committee, trust_cell, grievance,
        efficacy, contact,
    )  # fmt: skip


@kernel
def _add_up(  # type: ignore[no-untyped-def]
    first, last, row, tenure, life, satisfaction, trust_firm, trust_committee, trust_cell, grievance,
    efficacy, contact,
):  # fmt: skip
    # What is not a whole number: in the order of rows, and on from the sum so far.
    happy, by_young, by_working = (
        row[SATISFACTION],
        row[YOUNG_SATISFACTION],
        row[WORKING_SATISFACTION],
    )
    by_elderly, by_tenants = row[ELDERLY_SATISFACTION], row[TENANT_SATISFACTION]
    firm, committee, cell = row[TRUST_FIRM], row[TRUST_COMMITTEE], row[TRUST_CELL]
    grief, heard, visited = row[GRIEVANCE], row[EFFICACY], row[CONTACT]
    for i in rows(first, last):
        counts = 1.0 if tenure[i] != 2 else 0.0
        mark = counts * satisfaction[i]
        happy += mark
        firm += counts * trust_firm[i]
        committee += counts * trust_committee[i]
        cell += counts * trust_cell[i]
        grief += counts * grievance[i]
        heard += counts * efficacy[i]
        visited += counts * contact[i]
        by_young += mark * (life[i] == 0)
        by_working += mark * (life[i] == 1)
        by_elderly += mark * (life[i] == 2)
        by_tenants += mark * (tenure[i] == 1)
    row[SATISFACTION], row[YOUNG_SATISFACTION], row[WORKING_SATISFACTION] = (
        happy,
        by_young,
        by_working,
    )
    row[ELDERLY_SATISFACTION], row[TENANT_SATISFACTION] = by_elderly, by_tenants
    row[TRUST_FIRM], row[TRUST_COMMITTEE], row[TRUST_CELL] = firm, committee, cell
    row[GRIEVANCE], row[EFFICACY], row[CONTACT] = grief, heard, visited


@kernel
def add_buildings(by_building, compound, out):  # type: ignore[no-untyped-def]
    """Set ``out`` (compounds, len(COUNTED)) to the sums of each compound's rows of ``by_building``.

    ``compound`` (buildings,) says whose building each is.
    """
    out[:] = 0.0
    for b in range(len(by_building)):
        for k in range(len(COUNTED)):
            out[compound[b], k] += by_building[b, k]
