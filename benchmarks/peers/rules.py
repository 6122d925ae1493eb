"""Numbers of the core month, and its firm, which every Python peer shares; it is no work to speak of."""

from __future__ import annotations

import numpy as np

MONTHS = 60
INDICATORS = (
    "collection_rate",
    "satisfied_share",
    "trust_firm",
    "grievance",
    "complaints_per_1000",
    "firm_cash_yuan",
)

PRIORITY = np.array([1.2, 0.8, 1.1, 0.9, 0.7])
COST = np.array([0.25, 0.25, 0.30, 0.15, 0.05])
REPAIR = np.array([0.50, 0.16, 0.40, 0.25, 0.05])
DECAY = np.array([0.12, 0.04, 0.10, 0.06, 0.012])
CONDITION = np.array([0.75, 0.75, 0.75, 0.75, 0.6])
NEEDS = np.array(
    [
        [0.25, 0.20, 0.20, 0.15, 0.20],
        [0.25, 0.25, 0.25, 0.15, 0.10],
        [0.20, 0.35, 0.10, 0.10, 0.25],
    ]
)
"""By life stage: young, working, elderly."""

YOUNG, WORKING, ELDERLY = 0, 1, 2
CONDITIONAL, UNCONDITIONAL, FREE_RIDER = 0, 1, 2

BASE = (1.0, 1.8, -0.9)
NORM = (4.0, 1.5, 1.5)
"""By kind: conditional, unconditional, free rider."""

CLOSED_ACCOUNTS = 0.08 * 0.8
HEARSAY, OPINION_SPEED = 0.3, 0.25
TRUST_SPEED, TRUST_FROM_OPINION, OPENNESS, BLAME = 0.1, 0.8, 0.2 * 0.2, 1.0 - 0.4 * 0.6
CELL_FORGETS, CELL_NEUTRAL = 0.02, 0.45
NORM_SPEED, SERVICE, TRUST, HABIT, GRIEVANCE = 0.5, 4.0, 1.5, 2.0, 3.0
STRIKE, DUNNING, HABIT_KEEPS, RECOVERS, INSTALMENT = 0.8, 0.4 * 0.5, 0.85, 0.15, 3
LEGACY, DISCONTENT, FORGETS = 0.06 * 0.6, 0.16, 0.06
STEEPNESS, PATIENCE, CONTAGION, LEGITIMACY = 5.0, 1.0, 2.0, 3.0
STEPS = (0.30, 0.55, 0.80)
OPEN_FROM, TIRES, SETTLES, CALLS = 0.4, 0.1, 0.25, 0.04


class Firm:
    """The firm of one compound and the state of what it looks after.

    Args:
        due_fen: Fees due in a month.
        households: Number of households.
    """

    def __init__(self, due_fen: int, households: int) -> None:
        self.due_fen = int(due_fen)
        self.full = round(1.1 * self.due_fen)
        self.overhead = round(0.1 * self.full)
        revenue = round(100 * households)
        self.revenue = revenue - round(0.3 * revenue)
        self.cash = round(2.0 * self.full)
        self.expected = float(self.full)
        self.level = 1.0
        self.condition = CONDITION.copy()
        self.effort = np.zeros(5)

    def serve(self) -> np.ndarray:
        """Deliver this month's effort; gives the experience (3,) of each life stage."""
        weight = PRIORITY ** (1.0 - self.level)
        share = self.level * weight * COST.sum() / (COST * weight).sum()
        self.effort = 0.5 * np.minimum(share, 1.0)
        gain = REPAIR * np.maximum(self.effort, 0.06) * (1.0 - self.condition)
        self.condition = np.clip(self.condition + gain - DECAY * self.condition, 0.0, 1.0)
        return NEEDS @ self.condition / NEEDS.sum(axis=1)

    def close_books(self, collected_fen: int, recovered_fen: int) -> None:
        """Book the month and settle what can be paid for in the next."""
        income = int(collected_fen) + int(recovered_fen) + self.revenue
        delivered = float(COST @ self.effort) / float(COST.sum())
        cost = self.overhead + round((self.full - self.overhead) * delivered)
        self.cash = min(self.cash + income - cost, 4 * self.full)
        self.expected += 0.3 * (income - self.expected)
        spendable = self.expected + 0.1 * max(self.cash, 0) - self.overhead
        self.level = min(max(spendable / (self.full - self.overhead), 0.0), 1.0)
