"""Which parameters could have given the figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sim.questions.base import Given, question
from sim.questions.words import File, Listed, OneOf, Option, Whole

if TYPE_CHECKING:
    from sim.science.calibrate import Question
    from sim.science.recover import Recovering

PARTICLES, SIMULATIONS, DRAWS = 150, 15_000, 100


@question(
    "scenario=kangqiao",
    "scenario=kangqiao parameters=[fees.service,firm.diligence] targets=all",
    "--config-dir DIR scenario=my_compound file=months.csv 'fees.service=interval(2,6)'",
    "scenario=kangqiao --recover 200",
    one_set=True,
)
def calibrate(
    given: Given,
    parameters: Annotated[tuple[str, ...] | None, Listed()] = None,
    file: Annotated[str | None, File("path of a CSV file")] = None,
    targets: Annotated[str, OneOf(("fitted", "all"))] = "fitted",
    particles: Annotated[int, Whole(20, 100_000)] = PARTICLES,
    simulations: Annotated[int, Whole(40, 100_000_000)] = SIMULATIONS,
    draws: Annotated[int, Whole(2, 10_000)] = DRAWS,
    recover: Annotated[int, Option("--recover", "N", low=0)] = 0,
) -> Question | Recovering:
    """Find the parameters that could have given the figures: a posterior, and what it cannot tell.

    Stopped, it goes on; asked again with more simulations, it goes on too. KEY=interval(low,high)
    calibrates a key between bounds of your own; without keys those of the core are. Without a
    scenario a compound with default parameters is taken, without a policy the scenario's own.

    Args:
        parameters: keys, each by its prior of the core, or over the schema's range
        file: CSV of your own months instead of the scenario's targets
        targets: fitted, or all
        particles: parameter sets in a generation
        simulations: in all
        draws: runs of the posterior predictive, and of the prior's
        recover: test on synthetic data with this many known truths

    Raises:
        RuntimeError: Not even one generation could be finished.
    """
    from sim.science.calibrate import Question, priors
    from sim.science.cases import as_case
    from sim.science.observed import of_file, of_scenario
    from sim.science.recover import Recovering

    config = given.plain.config()
    if not any(key.split(".")[0] == "policy" for key in given.plain.keys):
        config = given.plain.config([("policy", config.scenario.policy)])
    observed = of_scenario(config, targets) if file is None else of_file(config, Path(file))
    found = Question(
        (as_case(config, observed),), priors(parameters, given.intervals, config), particles, simulations, draws,
        config.seed, config.executor,
    )  # fmt: skip
    return Recovering(found, recover) if recover else found
