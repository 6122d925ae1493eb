"""Numbers of the core month, and its service lines, which every Python peer shares; they are no work to speak of."""

from __future__ import annotations

import numpy as np

MONTHS = 60
INDICATORS = (
    "paid_share",
    "satisfied_share",
    "trust_firm",
    "grievance",
    "arrears_yuan",
)

EFFORT = 0.35
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
NORM_SPEED, SERVICE, TRUST, HABIT, GRIEVANCE = 0.5, 4.0, 1.5, 2.0, 3.0
DUNNING, HABIT_KEEPS = 0.4 * 0.5, 0.94
LEGACY, DISCONTENT, FORGETS = 0.06 * 0.6, 0.16, 0.06


class Lines:
    """The service lines of one compound, which a firm of unmoved effort looks after."""

    def __init__(self) -> None:
        self.condition = CONDITION.copy()

    def wear(self) -> np.ndarray:
        """Move the condition on by a month; gives the experience (3,) of each life stage."""
        gain = REPAIR * max(EFFORT, 0.06) * (1.0 - self.condition)
        self.condition = np.clip(self.condition + gain - DECAY * self.condition, 0.0, 1.0)
        return NEEDS @ self.condition / NEEDS.sum(axis=1)
