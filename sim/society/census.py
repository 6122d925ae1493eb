"""The census: what is counted over households each month, per compound, in a fixed order."""

from __future__ import annotations

import numpy as np

from sim.compiled import kernel

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
def count(  # type: ignore[no-untyped-def]
    first, last, signals, meeting, compound, building, tenure, life, member, active, fee_fen, paid,
    recovered_fen, arrears_fen, satisfaction, trust_firm, trust_committee, trust_cell, grievance,
    efficacy, stage, misuse, attended, called, petitioned, contact, moved, out,
):  # fmt: skip
    """Add rows [first, last) to the sums of their buildings in ``out`` (buildings, len(COUNTED)).

    Rows of one building come in order and by one thread, and the later sum over buildings runs in
    building order, so neither threads nor blocks can change a bit of a sum.
    """
    i = first
    while i < last:
        # A run of rows of one building is summed in registers. Counts and money are whole numbers, so
        # integers hold them exactly; what is not a whole number goes on from the sum so far.
        b = building[i]
        row = out[b]
        asked = signals[compound[i]].firm_present > 0.0
        units = occupied = owners = members = actives = payers = satisfied = misusing = 0
        attending = free_riding = calls = petitions = movers = renting = due = collected = 0
        recovered = owed = young = working = elderly = at_1 = at_2 = at_3 = at_4 = 0
        happy_sum, firm_sum, committee_sum = (
            row[SATISFACTION],
            row[TRUST_FIRM],
            row[TRUST_COMMITTEE],
        )
        young_sum, working_sum = row[YOUNG_SATISFACTION], row[WORKING_SATISFACTION]
        elderly_sum, renting_sum = row[ELDERLY_SATISFACTION], row[TENANT_SATISFACTION]
        cell_sum, grief, heard, visited = (
            row[TRUST_CELL],
            row[GRIEVANCE],
            row[EFFICACY],
            row[CONTACT],
        )
        while i < last and building[i] == b:
            lived_in = tenure[i] != 2
            units += 1
            due += fee_fen[i]
            collected += paid[i] * fee_fen[i]
            recovered += recovered_fen[i]
            payers += paid[i]
            owed += arrears_fen[i]
            movers += moved[i]
            if lived_in:
                happy = satisfaction[i]
                occupied += 1
                owners += tenure[i] == 0
                members += member[i]
                actives += active[i]
                satisfied += happy > 0.5
                free_riding += (happy > 0.5) & (paid[i] == 0)
                misusing += misuse[i]
                attending += attended[i]
                calls += called[i]
                petitions += petitioned[i]
                happy_sum += happy
                firm_sum += trust_firm[i]
                committee_sum += trust_committee[i]
                cell_sum += trust_cell[i]
                grief += grievance[i]
                heard += efficacy[i]
                visited += contact[i]
                young += life[i] == 0
                working += life[i] == 1
                elderly += life[i] == 2
                renting += tenure[i] == 1
                young_sum += happy * (life[i] == 0)
                working_sum += happy * (life[i] == 1)
                elderly_sum += happy * (life[i] == 2)
                renting_sum += happy * (tenure[i] == 1)
                at_1 += stage[i] == 1
                at_2 += stage[i] == 2
                at_3 += stage[i] == 3
                at_4 += stage[i] == 4
            i += 1
        row[UNITS] += units
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
        row[ATTENDED] += attending * meeting[b]
        row[INVITED] += occupied * meeting[b]
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
        row[YOUNG_SATISFACTION], row[WORKING_SATISFACTION] = young_sum, working_sum
        row[ELDERLY_SATISFACTION], row[TENANT_SATISFACTION] = elderly_sum, renting_sum
        row[SATISFACTION], row[TRUST_FIRM], row[TRUST_COMMITTEE] = (
            happy_sum,
            firm_sum,
            committee_sum,
        )
        row[TRUST_CELL], row[GRIEVANCE], row[EFFICACY], row[CONTACT] = (
            cell_sum,
            grief,
            heard,
            visited,
        )


def per_compound(by_building: np.ndarray, first_building: np.ndarray) -> np.ndarray:
    """Add up building rows.

    Args:
        by_building: (buildings, len(COUNTED)).
        first_building: (compounds,) first building of each compound.

    Returns:
        Structured array (compounds,) of ``CENSUS_TYPE``.
    """
    sums = np.add.reduceat(by_building, first_building, axis=0)
    return np.ascontiguousarray(sums).view(CENSUS_TYPE).reshape(-1)
