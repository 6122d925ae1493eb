"""The core month in Numba, written straight down: one loop over households, NumPy's generator."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from peers import rules as r
from peers.world import World


@njit(cache=True, error_model="numpy")
def _month(  # type: ignore[no-untyped-def]
    rng, experience, base, weight, indptr, neighbours, life, kind, fee, burden, taste, shown_satisfaction,
    shown_paid, satisfaction, trust_firm, grievance, habit, norm, paid, owed_fen, owed_months,
):  # fmt: skip
    collected = owed = satisfied = 0
    trusts = grievances = 0.0
    for i in range(len(life)):
        content, paying = 0.0, 0
        for e in range(indptr[i], indptr[i + 1]):
            j = neighbours[e]
            content += shown_satisfaction[j]
            paying += shown_paid[j]
        degree = indptr[i + 1] - indptr[i]

        own = min(max(experience[life[i]] + taste[i] - r.CLOSED_ACCOUNTS, 0.0), 1.0)
        judged = (1 - r.HEARSAY) * own + r.HEARSAY * content / degree
        satisfaction[i] += r.OPINION_SPEED * (judged - satisfaction[i])
        reach = (r.TRUST_FROM_OPINION * satisfaction[i] + r.OPENNESS) * r.BLAME
        trust_firm[i] += r.TRUST_SPEED * (reach - trust_firm[i])

        norm[i] += r.NORM_SPEED * (paying / degree - norm[i])
        push = base[kind[i]] + weight[kind[i]] * (norm[i] - 0.5)
        push += r.SERVICE * (satisfaction[i] - 0.5) + r.TRUST * (trust_firm[i] - 0.5)
        push += r.HABIT * (habit[i] - 0.5) - r.GRIEVANCE * grievance[i] - burden[i]
        if owed_months[i] > 0:
            push += r.DUNNING
        pays = rng.random() < 1.0 / (1.0 + math.exp(-push))
        if pays:
            collected += fee[i]
        else:
            owed_fen[i] += fee[i]
            owed_months[i] += 1
        owed += owed_fen[i]
        paid[i] = pays
        habit[i] = r.HABIT_KEEPS * habit[i] + (1 - r.HABIT_KEEPS) * pays

        g = grievance[i]
        inflow = r.LEGACY + r.DISCONTENT * max(0.5 - satisfaction[i], 0.0)
        g = min(max(g + inflow * (1 - g) - r.FORGETS * g, 0.0), 1.0)
        grievance[i] = g
        satisfied += satisfaction[i] > 0.5
        trusts += trust_firm[i]
        grievances += g
    return collected, owed, satisfied, trusts, grievances


class Core:
    """One compound; ``run`` gives its indicators (months, 5)."""

    def __init__(self, world: World, seed: int) -> None:
        w, n = world, len(world)
        self.n, self.rng = n, np.random.default_rng([seed, 2])
        self.given = (
            np.array(r.BASE), np.array(r.NORM), w.indptr, w.neighbours, w.life, w.kind, w.fee, w.burden, w.taste,
        )  # fmt: skip
        self.satisfaction, self.paid = w.satisfaction.copy(), w.paid.copy()
        self.rest = (w.trust_firm.copy(), w.grievance.copy(), w.habit.copy())
        self.norm = np.full(n, 0.85)
        self.owed_fen, self.owed_months = np.zeros(n, np.int64), np.zeros(n, np.int32)
        self.due_fen, self.lines = w.fee.sum(), r.Lines()

    def run(self, months: int) -> np.ndarray:
        return np.array([self.month() for _ in range(months)])

    def month(self) -> tuple[float, ...]:
        collected, owed, satisfied, trusts, grievances = _month(
            self.rng, self.lines.wear(), *self.given, self.satisfaction.copy(), self.paid.copy(),
            self.satisfaction, *self.rest, self.norm, self.paid, self.owed_fen, self.owed_months,
        )  # fmt: skip
        return (
            collected / self.due_fen,
            satisfied / self.n,
            trusts / self.n,
            grievances / self.n,
            owed / 100,
        )
