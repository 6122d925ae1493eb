"""Households move: tenants leave and are replaced, owners sell, vacant units are bought.

Who comes in brings traits like those of the compound's first residents of the same tenure, and
knows nobody: ties, trust, habits and visits start anew (seed 002: many tenants, fast turnover).
Arrears stay with the unit, since the owner owes them.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import kernel, rows
from sim.schema import Parameters, param
from sim.streams import BLOCK, Stream, fill

_TURNOVER = int(Stream.TURNOVER)


class TurnoverParameters(Parameters):
    """How often households change."""

    tenant_moves: float = param(
        0.03, "Chance that a tenant household moves out and another moves in",
        unit="1/month", low=0, high=0.3, zh="租户每月搬迁概率",
    )  # fmt: skip
    owner_moves: float = param(
        0.002, "Chance that an owner-occupied unit is sold to another household",
        unit="1/month", low=0, high=0.05, zh="业主每月换手概率",
    )  # fmt: skip
    vacant_sold: float = param(
        0.003, "Chance that a vacant unit is bought and lived in",
        unit="1/month", low=0, high=0.2, zh="空置房每月售出概率",
    )  # fmt: skip
    newcomer_satisfaction: float = param(
        0.6, "Satisfaction a household arrives with", low=0, high=1, zh="新住户初始满意度"
    )
    newcomer_trust: float = param(
        0.5, "Trust in firm, committee and cell a household arrives with",
        low=0, high=1, zh="新住户初始信任",
    )  # fmt: skip
    newcomer_habit: float = param(
        0.5, "Habit of paying a household arrives with", low=0, high=1, zh="新住户缴费习惯"
    )


@kernel
def move(  # type: ignore[no-untyped-def]
    first, last, month, seed, parameters, compound, donor_rows, donor_start,
    life0, kind0, civic0, burden0, threshold0, member0, taste0,
    tenure, moved, life, kind, civic, burden, threshold, member, taste, active,
    satisfaction, trust_firm, trust_committee, trust_cell, grievance, norm, habit, free_habit,
    contact, efficacy, stage, misuse, points,
):  # fmt: skip
    """Replace households that leave; ``moved`` is 1 for rows with a new household this month."""
    p = parameters[0]
    owner_moves, tenant_moves, vacant_sold = p.owner_moves, p.tenant_moves, p.vacant_sold
    u = np.empty((2, BLOCK))
    for a in range(first, last, BLOCK):
        b = min(a + BLOCK, last)
        fill(u, 2, b - a, a, month, seed, _TURNOVER)
        start = np.uint64(a)
        for i in rows(a, b):
            held = tenure[i]
            leaves = owner_moves if held == 0 else tenant_moves if held == 1 else vacant_sold
            moved[i] = u[0, i - start] < leaves
        for i in range(a, b):
            if not moved[i]:
                continue
            if tenure[i] == 2:
                tenure[i] = 0
            c, t = compound[i], tenure[i]
            low, high = donor_start[c, t], donor_start[c, t + 1]
            if high > low:
                d = donor_rows[low + int(u[1, i - a] * (high - low))]
                life[i], kind[i], civic[i] = life0[d], kind0[d], civic0[d]
                burden[i], threshold[i], member[i] = burden0[d], threshold0[d], member0[d]
                taste[i] = taste0[d]
            active[i] = 0
            satisfaction[i] = p.newcomer_satisfaction
            trust_firm[i] = p.newcomer_trust
            trust_committee[i] = p.newcomer_trust
            trust_cell[i] = p.newcomer_trust
            norm[i] = p.newcomer_habit
            habit[i] = p.newcomer_habit
            efficacy[i] = p.newcomer_trust
            grievance[i] = 0.0
            free_habit[i] = 0.0
            contact[i] = 0.0
            points[i] = 0.0
            stage[i] = 0
            misuse[i] = 0
