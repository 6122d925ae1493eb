"""Every point of a design under many seeds."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sim.questions.base import Given, Live, question
from sim.questions.words import Called, Items, Option

if TYPE_CHECKING:
    from sim.compose import Setting

SHOWN = 60
"""Points up to which each is printed."""


@question(
    'scenario=kangqiao policy=none,member_contact "measure.quota=range(2,20,2)"',
    '"fees.norm_conditional=interval(0,6)" experiment.design=lhs experiment.samples=200',
    "experiment=contact_quota replications=20 --plan",
    model=True,
    lang="",
    cfg=True,
    levels=True,
)
def sweep(
    given: Given,
    policies: Annotated[Any, Called(), Items()] = None,
    factors: Annotated[Any, Called()] = None,
    points: Annotated[Any, Called()] = None,
    plan: Annotated[bool, Option("--plan")] = False,
    budget: Annotated[float | None, Option("--budget", "MINUTES")] = None,
    append: Annotated[Path | None, Option("--append", "FOLDER")] = None,
    shown: Annotated[int, Option("--points", low=0)] = SHOWN,
) -> Live:
    """Run every point of a design under many seeds; killed or stopped, it goes on where it was.

    A key may take several values: key=1,2,3. A word with brackets needs double quotes, in bash,
    PowerShell and cmd.exe alike. A key that is not swept is set as in run.

    Args:
        policies: those that the key policy takes in turn
        factors: keys and what they take, a list, a range, {"low": .., "high": ..}, one value, or text
        points: points of your own, a frame, or a dict each; crossed with the factors
        plan: say how many runs and how long, and stop
        budget: refuse to start if it is estimated to take longer
        append: add the runs to an earlier sweep
        shown: most points printed one by one; of more, every level

    Raises:
        RuntimeError: Every run failed, or workers were lost again and again.
    """
    from sim.experiments.design import lay_out, listed_points, read_factor
    from sim.experiments.sweep import run_design

    first: list[Setting] = []
    if policies is not None:
        parts = [one.split("+") if isinstance(one, str) and "+" in one else one for one in policies]
        first.append(read_factor("policy", parts, given.config_dir))
    if points is not None:
        first += [("experiment.design", "list"), ("experiment.points", listed_points(points))]
    last: list[Setting] = [] if budget is None else [("experiment.budget", budget)]
    scenario = [one for one in given.settings if one[0] == "scenario"]
    others = [one for one in given.settings if one[0] != "scenario"]
    design = lay_out([*scenario, *first, *others, *last], given.config_dir)
    earlier = None if append is None else Path(append)
    live = partial(run_design, design, append=earlier, only_plan=plan, shown=shown)
    return Live(design, live, design.told)
