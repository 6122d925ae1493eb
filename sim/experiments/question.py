"""What is asked of a comparison: configurations by scenario and policy, and their reference."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sim.compose import load, parse
from sim.config import Config, check
from sim.errors import InputError
from sim.explain import show, unknown_name

WORDS = ("policies", "scenarios", "reference", "withdraw", "threshold")
"""What the command line takes beside the keys of a configuration."""

Pair = tuple[str, str]
"""Scenario and policy, by the words that named them."""


@dataclass(frozen=True)
class Question:
    """What is compared.

    Attributes:
        configs: Configuration by scenario and policy; those of a scenario differ in policy only.
        reference: Policy that the others are held against.
        threshold: Share of fees collected from which a compound counts as recovered.
    """

    configs: dict[Pair, Config]
    reference: str = "none"
    threshold: float = 0.6

    @property
    def scenarios(self) -> list[str]:
        """Names in the order asked."""
        return list(dict.fromkeys(scenario for scenario, _ in self.configs))

    @property
    def policies(self) -> list[str]:
        """Names in the order asked."""
        return list(dict.fromkeys(policy for _, policy in self.configs))

    def fingerprint(self) -> str:
        """Short hash of all that can change the answer."""
        parts = [[*pair, config.fingerprint()] for pair, config in self.configs.items()]
        text = json.dumps([parts, self.reference, self.threshold], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def ask_words(overrides: Sequence[str], config_dir: Path | None = None) -> Question:
    """Put a question together from the words of a command line.

    Args:
        overrides: ``policies=[a,b]`` and other ``WORDS``, ``scenario=NAME``, and settings of the
            configuration, all in Hydra's grammar.
        config_dir: Folder with configuration groups of the user's own.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    given: dict[str, Any] = {}
    settings: list[str] = []
    for text in overrides:
        key, value = parse(text)
        if key in (*WORDS, "scenario"):
            given[key] = value
        else:
            _check_word(key)
            settings.append(text)
    if "scenario" in given and "scenarios" in given:
        raise InputError("scenarios", "scenario is given too", "one of the two")
    if "policies" not in given:
        raise InputError("policies", "is missing", "policies=[none,member_contact]")
    if isinstance(given.get("scenario"), list):
        raise InputError("scenario", f"{show(given['scenario'])} are several", "scenarios=[a,b]")
    scenarios = _listed("scenarios", given.pop("scenarios", [given.pop("scenario", None)]))
    return ask(given.pop("policies"), scenarios, settings, config_dir=config_dir, **given)


def ask(
    policies: Any,
    scenarios: Sequence[str | None],
    overrides: Sequence[str] = (),
    *,
    reference: str = "none",
    withdraw: int | None = None,
    threshold: float = 0.6,
    config_dir: Path | None = None,
    **keys: Any,
) -> Question:
    """Load a configuration for every scenario and policy; ``compare`` says what is taken.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    _check_number("threshold", threshold, 0, 1)
    named = _named_policies(policies, reference)
    if wrong := [key for key in keys if key.split("__")[0] == "policy"]:
        raise InputError(wrong[0], "is one policy", "policies=[a,b]")
    own = [(text, _label(text)) for text in overrides]
    shared = [text for text, label in own if not label]
    changes = [(text, label) for text, label in own if label]
    configs: dict[Pair, Config] = {}
    for scenario in scenarios:
        for name, policy in named.items():
            settings = partial(load, scenario, policy=policy, config_dir=config_dir, **keys)
            config = settings(*shared)
            mine = [text for text, label in changes if label in config.policy.measures]
            config = settings(*shared, *mine) if mine else config
            if withdraw is not None:
                config = _withdrawn(config, name, withdraw)
            pair = (scenario or config.scenario.name, name)
            if pair in configs:
                raise InputError("scenarios", f"{show(scenario)} is named twice", "each once")
            configs[pair] = config
    _check_changes(changes, configs)
    return Question(configs, reference, float(threshold))


def _check_word(key: str) -> None:
    place = key.removeprefix("~").split(".")[0]
    if key == "policy":
        raise InputError("policy", "is one policy", "policies=[a,b]")
    if "." not in key and place not in Config.model_fields:
        raise unknown_name(key, "unknown key", place, [*WORDS, *Config.model_fields])


def _check_number(key: str, value: Any, low: float, high: float) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise InputError(key, f"{show(value)} is not allowed", f"number from {low} to {high}")


def _listed(key: str, value: Any) -> list[Any]:
    items = value if isinstance(value, (list, tuple)) else [value]
    if not items:
        raise InputError(key, "is empty", f"{key}=[a,b]")
    return list(items)


def _named_policies(policies: Any, reference: str) -> dict[str, Any]:
    if not isinstance(reference, str):
        raise InputError("reference", f"{show(reference)} is not allowed", "name of a policy")
    named: dict[str, Any] = {}
    for item in _listed("policies", policies):
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


def _label(text: str) -> str:
    """Label of the measure that a setting changes, "" if it changes none."""
    key = parse(text)[0].removeprefix("~")
    place = key.split(".")
    if place[0] != "policy":
        return ""
    if len(place) < 3 or place[1] != "measures":
        allowed = "policies=[a,b], or policy.measures.LABEL.KEY=VALUE for those that have it"
        raise InputError(key, "cannot be set for all policies compared", allowed)
    return place[2]


def _check_changes(changes: list[tuple[str, str]], configs: dict[Pair, Config]) -> None:
    labels = sorted({label for config in configs.values() for label in config.policy.measures})
    for text, label in changes:
        # What was taken out of a bundle is in none of them any more.
        if label not in labels and not text.startswith("~"):
            where = text.partition("=")[0]
            raise unknown_name(where, f"no policy compared has a measure {label}", label, labels)


def _withdrawn(config: Config, name: str, withdraw: Any) -> Config:
    if not isinstance(withdraw, int) or isinstance(withdraw, bool):
        raise InputError("withdraw", f"{show(withdraw)} is not allowed", "month, a whole number")
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
