"""The core month in NumPy columns, with a SciPy CSR matrix for the neighbours."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from peers import rules as r
from peers.world import World


class Core:
    """One compound; ``run`` gives its indicators (months, 5)."""

    def __init__(self, world: World, seed: int) -> None:
        w = world
        self.w, self.n, self.rng = w, len(w), np.random.default_rng([seed, 1])
        ones = np.ones(len(w.neighbours))
        self.ties = csr_array((ones, w.neighbours, w.indptr), shape=(self.n, self.n))
        self.degree = np.diff(w.indptr)[:, None]
        self.base, self.weight = np.array(r.BASE)[w.kind], np.array(r.NORM)[w.kind]
        self.satisfaction, self.grievance = w.satisfaction.copy(), w.grievance.copy()
        self.trust_firm, self.habit = w.trust_firm.copy(), w.habit.copy()
        self.paid = w.paid == 1
        self.norm = np.full(self.n, 0.85)
        self.owed_fen, self.owed_months = np.zeros(self.n, np.int64), np.zeros(self.n, np.int32)
        self.due_fen, self.lines = w.fee.sum(), r.Lines()

    def run(self, months: int) -> np.ndarray:
        return np.array([self.month() for _ in range(months)])

    def month(self) -> tuple[float, ...]:
        shown = np.column_stack([self.satisfaction, self.paid])
        seen_satisfaction, seen_paid = (self.ties @ shown / self.degree).T
        self.judge(self.lines.wear(), seen_satisfaction)
        self.pay(seen_paid)
        self.resent()
        return (
            self.w.fee[self.paid].sum() / self.due_fen,
            np.count_nonzero(self.satisfaction > 0.5) / self.n,
            self.trust_firm.mean(),
            self.grievance.mean(),
            self.owed_fen.sum() / 100,
        )

    def judge(self, experience: np.ndarray, seen: np.ndarray) -> None:
        own = np.clip(experience[self.w.life] + self.w.taste - r.CLOSED_ACCOUNTS, 0.0, 1.0)
        judged = (1 - r.HEARSAY) * own + r.HEARSAY * seen
        self.satisfaction += r.OPINION_SPEED * (judged - self.satisfaction)
        reach = (r.TRUST_FROM_OPINION * self.satisfaction + r.OPENNESS) * r.BLAME
        self.trust_firm += r.TRUST_SPEED * (reach - self.trust_firm)

    def pay(self, seen_paid: np.ndarray) -> None:
        self.norm += r.NORM_SPEED * (seen_paid - self.norm)
        push = self.base + self.weight * (self.norm - 0.5) + r.SERVICE * (self.satisfaction - 0.5)
        push += r.TRUST * (self.trust_firm - 0.5) + r.HABIT * (self.habit - 0.5)
        push -= r.GRIEVANCE * self.grievance + self.w.burden
        push += r.DUNNING * (self.owed_months > 0)
        self.paid = self.rng.random(self.n) < expit(push)
        self.owed_fen += np.where(self.paid, 0, self.w.fee)
        self.owed_months += ~self.paid
        self.habit = r.HABIT_KEEPS * self.habit + (1 - r.HABIT_KEEPS) * self.paid

    def resent(self) -> None:
        inflow = r.LEGACY + r.DISCONTENT * np.maximum(0.5 - self.satisfaction, 0.0)
        self.grievance += inflow * (1 - self.grievance) - r.FORGETS * self.grievance
        np.clip(self.grievance, 0.0, 1.0, out=self.grievance)
