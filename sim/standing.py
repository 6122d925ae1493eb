"""How well things have gone so far in a compound, as one number: what it stands for at the start."""

from __future__ import annotations

from typing import Any


def standing(level: float) -> dict[str, Any]:
    """Settings that stand for how well things have gone so far, from 0 (badly) to 1 (well).

    One number moves what residents bring along and the care that the firm takes, so that a low
    start has a cause which goes on, and is not mended within months by itself.
    """
    settings = {
        "population.paid_start": level,
        "population.habit_start": level,
        "population.satisfaction_start": 0.2 + 0.6 * level,
        "population.trust_start": 0.1 + 0.6 * level,
        "population.grievance_start": 0.4 * (1.0 - level),
        "firm.diligence": 0.2 + 0.6 * level,
    }
    # A configuration that somebody may copy by hand: 0.49532 and not 0.49532000000000004.
    return {key: round(value, 6) for key, value in settings.items()}
