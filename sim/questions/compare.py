"""Policies held against each other under the same seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import INDICATOR, Items, Number, Whole

if TYPE_CHECKING:
    from sim.compose import Setting
    from sim.config import Config
    from sim.experiments.compare import Question


@question(
    "scenario=kangqiao policies=[none,building_meetings,five_level_linkage]",
    "scenario=kangqiao policies=[member_contact+lead_by_paying] withdraw=36",
    "scenario=kangqiao policies=[none,member_contact,building_meetings] precision=0.02",
    model=True,
)
def compare(
    given: Given,
    policies: Annotated[tuple[Any, ...] | None, Items()] = None,
    scenarios: Annotated[tuple[Any, ...] | None, Items()] = None,
    reference: Any = "none",
    withdraw: Annotated[int | None, Whole(-600, 600)] = None,
    threshold: Annotated[float, Number(0, 1)] = 0.6,
    precision: Annotated[float | None, Number(1e-9, 1e12)] = None,
    indicator: Annotated[str | None, INDICATOR] = None,
    at: Annotated[int | None, Whole(0, 600)] = None,
    most: Annotated[int | None, Whole(2, 1_000_000)] = None,
) -> Question:
    """Compare policies under the same seeds: differences, certainty, cost, persistence.

    policy.measures.LABEL.KEY=VALUE changes the policies that have the measure, and leaves the others
    alone. Without a scenario a compound with default parameters is taken.

    Args:
        policies: names of policies or measures, a+b for several together, or dicts with name and measures
        scenarios: several instead of scenario
        reference: policy the others are held against, added in front if it is not among them
        withdraw: month at whose beginning every measure still in force ends
        threshold: share of fees from which a compound counts as recovered
        precision: go on until the 95% interval of every difference is as narrow as this, 0.02 for two points of a share
        indicator: of what; usually collection_rate
        at: in which month; usually 24, or the last
        most: replications at which it ends all the same; usually 2000

    Raises:
        RuntimeError: Every replication of a policy failed.
    """
    from sim.compose import load_settings
    from sim.experiments import precision as precisions
    from sim.experiments.compare import Question
    from sim.experiments.run import check_seeds
    from sim.explain import show

    if "policy" in given.keys:
        raise InputError("policy", "is one policy", "policies=[a,b]")
    if policies is None:
        raise InputError("policies", "is missing", "policies=[none,member_contact]")
    if "scenario" in given.keys and scenarios is not None:
        raise InputError("scenarios", "scenario is given too", "one of the two")
    one = dict(given.settings).get("scenario")
    if isinstance(one, list):
        raise InputError("scenario", f"{show(one)} are several", "scenarios=[a,b]")
    named = _named_policies(policies, reference)
    own = [(one, _label(one[0])) for one in given.settings if one[0] != "scenario"]
    shared = [one for one, label in own if not label]
    changes = [(one, label) for one, label in own if label]
    configs: dict[tuple[str, str], Config] = {}
    for scenario in [one] if scenarios is None else scenarios:
        first: list[Setting] = [] if scenario is None else [("scenario", scenario)]
        for name, policy in named.items():
            settings = [*first, ("policy", policy), *shared]
            config = load_settings(settings, given.config_dir, look=True)[0]
            mine = [one for one, label in changes if label in config.policy.measures]
            if mine:
                config = load_settings([*settings, *mine], given.config_dir, look=True)[0]
            if withdraw is not None:
                config = _withdrawn(config, name, withdraw)
            pair = (scenario if isinstance(scenario, str) else config.scenario.name, name)
            if pair in configs:
                raise InputError("scenarios", f"{show(scenario)} is named twice", "each once")
            configs[pair] = config
    _check_changes(changes, configs)
    one_of = next(iter(configs.values()))
    asked = precisions.asked(precision, indicator, at, most, one_of.months, one_of.replications)
    for config in configs.values():
        check_seeds(config, asked.most if asked else None)
    return Question(configs, reference, threshold, asked)


def _named_policies(policies: Any, reference: str) -> dict[str, Any]:
    from sim.explain import show

    if not isinstance(reference, str):
        raise InputError("reference", f"{show(reference)} is not allowed", "name of a policy")
    named: dict[str, Any] = {}
    for item in policies:
        name = item.get("name") if isinstance(item, dict) else item
        if not isinstance(name, str) or not name:
            allowed = "name, name+name, or from Python a dict with name and measures"
            raise InputError("policies", f"{show(item)} is not allowed", allowed)
        if name in named:
            raise InputError("policies", f"{show(name)} is named twice", "each policy once")
        named[name] = item if isinstance(item, dict) else _parts(name)
    if list(named) == [reference]:
        raise InputError("policies", "only the reference is named", "a policy beside it")
    # The reference first, unless the order is the user's own.
    return named if reference in named else {reference: _parts(reference), **named}


def _parts(name: str) -> str | list[str]:
    parts = name.split("+")
    return name if len(parts) == 1 else parts


def _label(key: str) -> str:
    """Label of the measure that a setting changes, "" if it changes none."""
    place = key.removeprefix("~").split(".")
    if place[0] != "policy":
        return ""
    if len(place) < 3 or place[1] != "measures":
        allowed = "policies=[a,b], or policy.measures.LABEL.KEY=VALUE for those that have it"
        raise InputError(key.removeprefix("~"), "cannot be set for all policies compared", allowed)
    return place[2]


def _check_changes(changes: list[tuple[Setting, str]], configs: dict[Any, Config]) -> None:
    from sim.explain import unknown_name

    labels = sorted({label for config in configs.values() for label in config.policy.measures})
    for (key, _), label in changes:
        # What was taken out of a bundle is in none of them any more.
        if label not in labels and not key.startswith("~"):
            raise unknown_name(key, f"no policy compared has a measure {label}", label, labels)


def _withdrawn(config: Config, name: str, withdraw: int) -> Config:
    from sim.config import check

    if withdraw > config.months:
        problem = f"{withdraw} is after the last month lived, so nothing is withdrawn"
        raise InputError("withdraw", problem, f"up to {config.months}, or more months")
    tree = config.resolved()
    for label, measure in tree["policy"]["measures"].items():
        if measure["start"] >= withdraw:
            raise InputError(
                "withdraw",
                f"{withdraw} is not after the start of {label} in {name}",
                f"month of at least {measure['start'] + 1}",
            )
        measure["end"] = min(measure["end"], withdraw)
    return check(tree)
