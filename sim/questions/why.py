"""What carried the effect: of a policy in a compound, between two months, for one household; and one problem's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from sim.errors import InputError
from sim.questions.base import Given, Live, question
from sim.questions.words import OneOf, Or, Whole

if TYPE_CHECKING:
    from sim.experiments.household import Question as Household
    from sim.science.chain import Question as Chain
    from sim.science.effect import Question as Effect
    from sim.science.loops import Question as Loops

CHANGED = "changed"
MOST_HOUSEHOLDS = 10_000_000
REPLICATIONS = 20
TERMS, ARROWS, LOOPS = "terms", "arrows", "loops"


@question(
    "scenario=kangqiao household=17",
    "scenario=kangqiao policy=member_contact household=changed --lang zh",
    "scenario=ordinary_estate policy=member_contact at=24",
    "scenario=kangqiao at=24 before=0",
    "scenario=ordinary_estate policy=service_standard by=arrows",
    "scenario=kangqiao at=36 by=loops",
    "scenario=w_compound issue=railing at=12",
    "scenario=kangqiao policy=none issue=longest since=12",
)
def why(
    given: Given,
    household: Annotated[Any, Or(CHANGED, Whole(0, MOST_HOUSEHOLDS))] = None,
    at: Annotated[int, Whole(1, 600)] = 24,
    before: Annotated[int | None, Whole(-600, 599)] = None,
    without: str = "",
    by: Annotated[str, OneOf((TERMS, ARROWS, LOOPS), "way to share out")] = TERMS,
    issue: Any = None,
    since: Any = 1,
) -> Household | Effect | Chain | Loops | Live:
    """Say why: what carried a policy's effect, why one household pays or does not, how one problem went.

    Without a household the difference that the policy makes to fees collected, satisfaction, hotline tickets and open
    conflict is shared out among causes that add up to it (by=terms); with by=arrows the causal arrows that carry it
    come along, each cut in turn; by=loops tells which loop of the model holds fees up or down when. With a household
    its decision is told month by month, term by term, beside its twin without the policy. With an issue one problem is
    followed through one run: level by level, month by month, and what it cost. issue is first, longest, a category
    (cleaning, facilities, security, greenery, parking, neighbours, common_space, accounts, developer: the first of
    it), a number (1 is the first to arise after month 0), or the label of a problem that the scenario places.

    Args:
        household: one household by its row, from 0 on, or changed for the first that pays because of the policy
        at: month read
        before: month of the same run that is held against it, instead of the run without the policy
        without: the one measure that the other run lacks, instead of the whole policy
        by: terms, arrows or loops
        issue: one problem
        since: month from which first, longest and category choose the problem
    """
    from sim.experiments.household import Question as Household
    from sim.experiments.household import checked
    from sim.science.chain import Question as Chain
    from sim.science.effect import Question as Effect
    from sim.science.loops import Question as Loops

    if not isinstance(without, str):
        raise InputError(
            "without", f"{without!r} is not allowed", "label of one measure of the policy"
        )
    if "months" in given.keys:
        raise InputError("months", "is the month read here", "at=24")
    for one, named in (("household", household), ("issue", issue)):
        others = {"before": before is not None, "by": by != TERMS, "issue": one == "household" and issue is not None,
                  "without": one == "issue" and bool(without)}  # fmt: skip
        for word in (word for word, said in others.items() if named is not None and said):
            raise InputError(word, f"does not go with {one}", "one of the two")
    if issue is not None:
        from sim.experiments.trace import checked as named_problem
        from sim.experiments.trace import trace

        config = given.case({"replications": 1}, ("months", at))
        which = named_problem(config, issue, since)
        # A run of a second, which is not kept.
        return Live(
            config, lambda **how: trace(config.drawn(config.seed), *which), has_folder=False
        )
    if household is not None:
        config = given.case({"replications": 1}, ("months", at))
        return Household(config, checked(config, without), household, without)
    config = given.case({"replications": REPLICATIONS}, ("months", at))
    other = checked(config, without)
    if before is None and not config.policy.measures:
        raise InputError(
            "policy", f"{config.policy.name} does nothing", "a policy, or before=MONTH"
        )
    if before is not None:
        first = -config.scenario.history_months + 1
        if without or by != TERMS or not first <= before < at:
            problem = (
                f"goes with neither without nor by={ARROWS} or {LOOPS}"
                if first <= before < at
                else f"{before} is not allowed"
            )
            raise InputError(
                "before", problem, f"whole number from {first} to {at - 1} (month), alone"
            )
    asked = {TERMS: Effect, ARROWS: Chain, LOOPS: Loops}[by]
    return asked(config, other, before, without)
