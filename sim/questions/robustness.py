"""Whether a ranking of policies holds elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import INDICATORS, File, Listed, Number, OneOf, Or, Whole

if TYPE_CHECKING:
    from sim.config import Config
    from sim.science.robustness import Question

POLICIES = ("none", "five_level_linkage", "red_pilot", "shenhong", "star_property")
SCENARIOS = ("shenhong", "ordinary_estate", "old_estate", "new_estate", "resettlement_estate")
"""Compared where nothing is said: the named systems, in the cases and types of a single compound."""

REPLICATIONS = 8
"""Seeds of each world but draws, which have one each."""


def _generators() -> list[str]:
    from sim.society.ties import NetworkParameters

    kinds = get_args(NetworkParameters.model_fields["generator"].annotation)
    return [kind for kind in kinds if kind != "file"]


def _mechanisms() -> list[str]:
    from sim.config import Mechanisms

    return list(Mechanisms.model_fields)


@question(
    "scenario=kangqiao",
    "policies=[none,shenhong,red_pilot] posterior=posterior.parquet",
    model=True,
)
def robustness(
    given: Given,
    policies: Annotated[tuple[str, ...], Listed()] = POLICIES,
    scenarios: Annotated[tuple[str, ...], Listed(empty=True)] = SCENARIOS,
    networks: Annotated[tuple[str, ...] | None, Listed(OneOf(_generators), empty=True)] = None,
    mechanisms: Annotated[tuple[str, ...] | None, Listed(OneOf(_mechanisms), empty=True)] = None,
    draws: Annotated[int, Whole(0, 100_000)] = 200,
    posterior: Annotated[str, File("a Parquet file of draws")] = "",
    over: Annotated[tuple[str, ...], Listed()] = ("core",),
    width: Annotated[float | str, Or("whole", Number(0.001, 1))] = 0.5,
    indicator: Annotated[tuple[str, ...], INDICATORS] = ("collection_rate",),
    at: Annotated[int, Whole(1, 600)] = 24,
) -> Question:
    """Rank policies across scenarios, networks, mechanisms and parameters: where does it turn?

    Settings of the base hold in all worlds but other scenarios.

    Args:
        policies: at least two, a+b for several together
        scenarios: further ones, [] for none
        networks: other ways in which ties are made, all where nothing is said
        mechanisms: switched off in turn, all where nothing is said
        draws: of the parameters
        posterior: a Parquet file of calibrate, instead of over and width
        over: groups and keys that are drawn, as sensitivity takes them
        width: as sensitivity takes it
        indicator: one or several by which policies are ranked
        at: month read

    Raises:
        RuntimeError: The base could not be lived.
    """
    from sim.outcomes import INDICATORS as KNOWN
    from sim.science import factors
    from sim.science.robustness import Question

    for key, allowed in (("months", "at=24"), ("policy", "policies=[a,b]")):
        if key in given.keys:
            raise InputError(key, "is not taken here", allowed)
    config = given.case({"replications": REPLICATIONS}, ("months", at), ("policy", "none"))
    for name in indicator:
        if not KNOWN[name].better:
            raise InputError("indicator", f"neither more nor less of {name} is better")
    return Question(
        config,
        _policies(list(policies), config, given),
        _scenarios(scenarios, config, given),
        tuple(
            name
            for name in (_generators() if networks is None else networks)
            if name != config.network.generator
        ),
        tuple(_mechanisms() if mechanisms is None else mechanisms),
        () if posterior else tuple(factors.choose(config, list(over), {}, width)),
        draws,
        posterior,
        tuple(indicator),
    )


def _policies(names: list[Any], base: Config, given: Given) -> dict[str, Any]:
    from sim.compose import load_settings
    from sim.explain import show
    from sim.inputs import look_at

    if len(names) < 2:
        raise InputError("policies", f"{show(names)} cannot be ranked", "at least two policies")
    found = {}
    for name in names:
        if not isinstance(name, str):
            raise InputError("policies", f"{show(name)} is not allowed", "name, or name+name")
        parts = name.split("+")
        setting = ("policy", parts if len(parts) > 1 else name)
        found[name] = load_settings([setting], given.config_dir)[0].policy
        look_at(base.model_copy(update={"policy": found[name]}))
    return found


def _scenarios(names: Any, base: Config, given: Given) -> dict[str, Config]:
    from sim.compose import load

    keys = {"months": base.months, "replications": base.replications, "seed": base.seed}
    return {
        name: load(name, policy="none", config_dir=given.config_dir, **keys)
        for name in names
        if name != base.scenario.name
    }
