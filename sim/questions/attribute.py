"""Which part of a bundle does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import INDICATORS, Whole

if TYPE_CHECKING:
    from sim.science.attribute import Question

MAIN = ("collection_rate", "satisfied_share", "complaints_per_1000", "issues_in_place_share")
REPLICATIONS = 30


@question(
    "scenario=kangqiao policy=five_level_linkage",
    "policy=shenhong scenario=shenhong at=36 indicator=[collection_rate]",
    model=True,
)
def attribute(
    given: Given,
    at: Annotated[int, Whole(1, 600)] = 24,
    indicator: Annotated[tuple[str, ...], INDICATORS] = MAIN,
    permutations: Annotated[int, Whole(2, 10_000)] = 8,
) -> Question:
    """Share out a bundle's effect among its measures: Shapley values, interactions, per cost.

    A scenario's own policy is taken apart unless one is given.

    Args:
        at: month read
        indicator: one or several
        permutations: orders a seed for bundles of more than 10 measures

    Raises:
        RuntimeError: No seed could be lived.
    """
    from sim.science.attribute import Question

    if "months" in given.keys:
        raise InputError("months", "is the month read here", "at=24")
    config = given.case({"replications": REPLICATIONS}, ("months", at))
    entries = config.policy.entries()
    if len(entries) < 2:
        problem = f"{config.policy.name} has {len(entries)} measures"
        raise InputError("policy", problem, "a bundle of at least two, policy=[a,b]")
    for entry in entries:
        if entry.parameters.start > at:
            problem = f"{entry.parameters.start} is after month {at}, which is read"
            raise InputError(f"policy.measures.{entry.label}.start", problem, f"up to {at}")
    return Question(config, tuple(indicator), permutations)
