"""What carried the effect: for a policy and a compound, for a household."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from sim.questions.base import Given, question
from sim.questions.words import Or, Whole

if TYPE_CHECKING:
    from sim.experiments.household import Question

CHANGED = "changed"
MOST_HOUSEHOLDS = 10_000_000


@question(
    "scenario=kangqiao household=17",
    "scenario=kangqiao policy=member_contact household=changed --lang zh",
    lang="the story and figures",
)
def why(
    given: Given,
    household: Annotated[Any, Or(CHANGED, Whole(0, MOST_HOUSEHOLDS))] = CHANGED,
    at: Annotated[int, Whole(1, 600)] = 24,
    without: str = "",
) -> Question:
    """Say why: what carried a policy's effect, and why one household pays or does not.

    With a household (its row, from 0 on, or changed: the first that pays because of the policy) its decision is told
    month by month, term by term, beside its twin in the run without the policy.

    Args:
        household: which one
        at: month read
        without: the one measure that the other run lacks, instead of the whole policy
    """
    from sim.experiments.household import Question, checked

    config = given.case({"replications": 1}, ("months", at))
    return Question(config, checked(config, household, without), household, without)
