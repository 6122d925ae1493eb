"""The cheapest policy that reaches a target with a given probability."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import File, Listed, Number, OneOf, Raw, Whole

if TYPE_CHECKING:
    from sim.compose import Setting
    from sim.science.optimise import Sought

MOST_POLICIES = 20_000
"""Most policies that are all tried."""


@question(
    'scenario=kangqiao target="collection_rate>=0.6 at +24" probability=0.9',
    'target="satisfied_share>=80% at +24" measures=all yuan_most=500000',
    'scenario=kangqiao target="collection_rate>=0.6 at +24" hours_of="cell<=40 and community<=60"',
    model=True,
)
def optimise(
    given: Given,
    target: Annotated[str, Raw()] = "",
    probability: Annotated[float, Number(0.01, 1)] = 0.9,
    measures: Any = None,
    doses: Annotated[tuple[float, ...], Listed(Number(0.01, 2))] = (0.5, 1.0),
    starts: Annotated[tuple[int, ...] | None, Listed()] = None,
    hour_yuan: Annotated[float, Number(0, 1e6)] = 30.0,
    hours_most: Annotated[float | None, Number(0, 1e15)] = None,
    yuan_most: Annotated[float | None, Number(0, 1e15)] = None,
    hours_of: Annotated[str, Raw()] = "",
    posterior: Annotated[str, File("a Parquet file of draws")] = "",
    trials: Annotated[int, Whole(4, 100_000)] = 400,
    worlds: Annotated[int, Whole(4, 100_000)] = 32,
    check: Annotated[int, Whole(4, 100_000)] = 100,
    method: Annotated[str, OneOf(("nsga2", "exhaustive"))] = "nsga2",
) -> Sought:
    """Seek the cheapest policy that reaches a target with a given probability.

    The measures of a scenario's own policy are the candidates unless others are set.

    Args:
        target: "INDICATOR>=NUMBER at +MONTH", several joined by and
        probability: in this share of worlds at least
        measures: candidates, names or all, instead of a policy
        doses: on offer for every measure
        starts: first months on offer, those of 1 and 7 that are lived
        hour_yuan: yuan that an hour counts for
        hours_most: limit on mean hours
        yuan_most: limit on mean yuan
        hours_of: limits on mean hours a month by who gives them, as "cell<=40 and community<=60"
        posterior: a Parquet file of calibrate
        trials: policies tried by the search
        worlds: worlds of the search
        check: further worlds in which the frontier is tried
        method: nsga2, or exhaustive for every policy
    """
    from sim.experiments.run import check_seeds
    from sim.science.optimise import Sought, candidates, parse_hours, parse_target

    goals = parse_target(target)
    if "months" in given.keys:
        raise InputError("months", "is the target's month here", '"collection_rate>=0.7 at +24"')
    last = max(goal.month for goal in goals)
    policy: list[Setting] = [("months", last)]
    if measures is not None:
        if "policy" in given.keys:
            raise InputError("measures", "policy is given too", "one of the two")
        policy.insert(0, ("policy", candidates(measures)))
    config = given.case({}, *policy)
    if not config.policy.entries():
        allowed = "measures=[a,b], measures=all, or policy=NAME for the measures of a bundle"
        raise InputError("measures", "no candidates are named", allowed)
    months = [start for start in (1, 7) if start <= last] if starts is None else starts
    question = Sought(
        config, goals, probability, tuple(sorted(doses)),
        tuple(sorted(Whole(1, last)("starts", month) for month in months)), hour_yuan,
        math.inf if hours_most is None else hours_most,
        math.inf if yuan_most is None else yuan_most, parse_hours(hours_of),
        posterior, trials, worlds, check, method,
    )  # fmt: skip
    check_seeds(config, worlds + check)
    size = question.choices ** len(question.labels)
    if method == "exhaustive" and size > MOST_POLICIES:
        problem = f"exhaustive would try {size} policies"
        raise InputError("method", problem, f"up to {MOST_POLICIES}")
    return question
