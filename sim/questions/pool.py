"""What all reported cases and levels together say of the core, and how well each case is foreseen from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from sim.questions.base import Given, question
from sim.questions.words import Whole

if TYPE_CHECKING:
    from sim.posterior.answer import Question

DRAWS, PARTICLES, KEPT = 2048, 1000, 200


@question("", "draws=256 particles=200", own_folder=False, lang="table")
def pool(
    given: Given,
    draws: Annotated[int, Whole(128, 1_000_000)] = DRAWS,
    particles: Annotated[int, Whole(50, 100_000)] = PARTICLES,
    kept: Annotated[int, Whole(10, 10_000)] = KEPT,
    truths: Annotated[int, Whole(0, 10_000)] = 0,
) -> Question:
    """Fit the core to all reported cases and levels together, and foresee each case from the others.

    Of the configuration it takes seed and executor only: cases and levels are lived as they are. Runs are
    kept part by part, so that work that was stopped goes on.

    Args:
        draws: parameter sets of the design, each lived in all cases
        particles: parameter sets of the posterior
        kept: draws of it that are handed on, for doubt in other answers
        truths: known sets of numbers that are fitted too, to see whether they are found again

    Raises:
        RuntimeError: Runs failed.
    """
    from sim.compose import load
    from sim.explain import unknown_name
    from sim.posterior.answer import Question

    for key in given.keys:
        if key != "seed" and not key.startswith("executor"):
            own = ["draws", "particles", "kept", "truths", "seed", "executor.workers"]
            raise unknown_name(key, "cannot be set here", key, own)
    base = load(None, **{key.replace(".", "__"): value for key, value in given.settings})
    return Question(draws, particles, min(kept, particles), truths, base)
