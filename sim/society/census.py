"""The census: what is counted over households each month, per compound, in a fixed order."""

from __future__ import annotations

import numpy as np
from numba import njit

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


@njit(cache=True, nogil=True, error_model="numpy")
def count(  # type: ignore[no-untyped-def]
    first, last, starts, ends, firm_present, building_compound, meeting, tenure, life, member, active,
    fee_fen, paid, recovered_fen, arrears_fen, satisfaction, trust_firm, trust_committee, trust_cell,
    grievance, efficacy, stage, misuse, attended, called, petitioned, contact, moved, out,
):  # fmt: skip
    """Write one row of sums per building for buildings [first, last) into ``out``."""
    # One row per building: the later sum over buildings runs in building order, so neither threads
    # nor chunks can change a bit of it.
    for b in range(first, last):
        row = out[b]
        for k in range(row.shape[0]):
            row[k] = 0.0
        asked = firm_present[building_compound[b]] > 0.0
        for i in range(starts[b], ends[b]):
            row[0] += 1
            if asked:
                row[5] += fee_fen[i]
                row[6] += paid[i] * fee_fen[i]
                row[7] += recovered_fen[i]
                row[9] += paid[i]
            row[8] += arrears_fen[i]
            row[28] += moved[i]
            if tenure[i] == 2:
                continue
            happy = satisfaction[i]
            row[1] += 1
            row[2] += tenure[i] == 0
            row[3] += member[i]
            row[4] += active[i]
            row[10] += happy > 0.5
            row[11] += happy
            row[12] += trust_firm[i]
            row[13] += trust_committee[i]
            row[14] += trust_cell[i]
            row[15] += grievance[i]
            row[16] += efficacy[i]
            if stage[i] > 0:
                row[16 + stage[i]] += 1
            row[21] += misuse[i]
            row[22] += attended[i] * meeting[b]
            row[23] += meeting[b]
            row[24] += asked and happy > 0.5 and paid[i] == 0
            row[25] += called[i]
            row[26] += petitioned[i]
            row[27] += contact[i]
            k = 29 + 2 * life[i]
            row[k] += 1
            row[k + 1] += happy
            if tenure[i] == 1:
                row[35] += 1
                row[36] += happy


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
