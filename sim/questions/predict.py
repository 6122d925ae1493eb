"""What parameters that fit here say about there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.calibrate import DRAWS, PARTICLES, SIMULATIONS
from sim.questions.words import INDICATORS, Listed, Option, Whole

if TYPE_CHECKING:
    from sim.posterior.registered import Registering
    from sim.science.predict import Task

ONE_OUT = "one_out"

REGISTERED = 100
"""Runs of a prediction that is written down."""


@question(
    "fit=kangqiao",
    "fit=one_out particles=50 simulations=5000",
    "scenario=ordinary_estate policy=member_contact indicator=[collection_rate] at=12 --register prediction.json",
    lang="what is written down",
)
def predict(
    given: Given,
    fit: Any = ("kangqiao",),
    cases: Annotated[tuple[str, ...] | None, Listed()] = None,
    parameters: Annotated[tuple[str, ...] | None, Listed()] = None,
    particles: Annotated[int, Whole(20, 100_000)] = PARTICLES,
    simulations: Annotated[int, Whole(40, 100_000_000)] = SIMULATIONS,
    draws: Annotated[int, Whole(10, 10_000)] = DRAWS,
    heavy_draws: Annotated[int, Whole(4, 10_000)] = 30,
    indicator: Annotated[tuple[str, ...], INDICATORS] = ("collection_rate",),
    at: Annotated[tuple[int, ...], Listed(Whole(1, 600))] = (12,),
    register: Annotated[Path | None, Option("--register", "FILE")] = None,
) -> Task | Registering:
    """Fit some cases and predict the others: which reported intervals hold. Or write a prediction down.

    Of the configuration it takes seed and executor only: each case is lived as it is. With --register it takes all of
    it, and writes down what is foreseen of one compound under one policy, with date and hash; verify holds it against
    what came.

    Args:
        fit: cases, or one_out to leave each out in turn
        cases: all cases, by default every scenario with targets
        parameters: keys, as calibrate takes them
        particles: parameter sets in a generation
        simulations: of each fit
        draws: runs of a case that is predicted
        heavy_draws: runs of a case of many compounds
        indicator: with --register, what is foreseen
        at: with --register, months
        register: file to write a prediction to, before its outcome is known

    Raises:
        RuntimeError: A calibration could not finish one generation.
    """
    from sim.compose import load
    from sim.explain import show, unknown_name
    from sim.science.calibrate import priors
    from sim.science.predict import Task, cases_with_targets

    if register is not None:
        from sim.posterior.registered import Registering

        size = {"months": max(at), "replications": REGISTERED}
        config = given.case(size)
        if max(at) > config.months:
            allowed = f"up to {config.months}, or more months"
            raise InputError("at", f"{max(at)} is after the last month lived", allowed)
        return Registering(config, tuple(indicator), tuple(at), Path(register))
    own = ["fit", "cases", "parameters", "particles", "simulations", "draws", "heavy_draws"]
    for key in given.keys:
        if key != "seed" and not key.startswith("executor"):
            raise unknown_name(key, "cannot be set here", key, [*own, "seed", "executor.workers"])
    base = load(None, **{key.replace(".", "__"): value for key, value in given.settings})
    known = cases_with_targets()
    named = known if cases is None else list(cases)
    fitted = [] if fit == ONE_OUT else Listed()("fit", fit)
    for key, name in [("cases", n) for n in named] + [("fit", n) for n in fitted]:
        if name not in known:
            raise unknown_name(key, f"no case is named {show(name)}", str(name), known)
    named = list(dict.fromkeys([*fitted, *named]))
    if len(named) < 2 or len(fitted) == len(named):
        raise InputError("fit", f"{show(fit)} leaves nothing to predict", "fewer cases")
    fits = [[n for n in named if n != out] for out in named] if fit == ONE_OUT else [fitted]
    return Task(
        tuple(tuple(one) for one in fits), tuple(named), priors(parameters, {}, base), particles, simulations,
        draws, heavy_draws, base.seed, base.executor,
    )  # fmt: skip
