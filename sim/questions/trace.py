"""One problem followed through one run."""

from __future__ import annotations

from functools import partial
from typing import Any

from sim.questions.base import Given, Live, question


@question(
    "scenario=w_compound issue=railing",
    "scenario=shenhong issue=parking since=12 months=24 --lang zh",
    "scenario=kangqiao policy=none issue=longest",
    keeps=False,
    lang="the story",
    one_set=True,
)
def trace(given: Given, issue: Any = None, since: Any = 1) -> Live:
    """Follow one problem through one run: level by level, month by month, and what it cost.

    Without policy the scenario's own is taken; without an issue the first that its events place, else
    the first that arises. issue is first, longest, a category (cleaning, facilities, security,
    greenery, parking, neighbours, common_space, accounts, developer: the first of it), a number (1 is
    the first to arise after month 0), or the label of a problem that the scenario places.

    Args:
        issue: which problem
        since: month from which first, longest and category choose
    """
    from sim.experiments.trace import checked
    from sim.experiments.trace import trace as follow

    config = given.config()
    if "policy" not in given.keys:
        config = given.config([("policy", config.scenario.policy)])
    return Live(config, partial(follow, config, *checked(config, issue, since)))
