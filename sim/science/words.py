"""Words of a command's own beside the keys of a configuration: told apart, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.compose import CASE, Levels, Setting, load_settings, parse_sweep
from sim.config import Config
from sim.errors import InputError
from sim.experiments.run import check_seeds
from sim.explain import show, unknown_name
from sim.outcomes import INDICATORS


def split(overrides: Sequence[str], words: Sequence[str]) -> tuple[dict[str, Any], list[Setting]]:
    """Tell a command's own words from settings of the configuration.

    Args:
        overrides: ``key=value`` in Hydra's grammar.
        words: The command's own.

    Returns:
        Values by own word, and the settings in their order; a setting may be an ``Interval``.

    Raises:
        InputError: A word that is neither, or that cannot be read.
    """
    own: dict[str, Any] = {}
    settings: list[Setting] = []
    for text in overrides:
        key, value = parse_sweep(text)
        if isinstance(value, Levels):
            raise InputError(key, "several values are given", "one value, or a list as [a,b]")
        place = key.removeprefix("~").split(".")[0]
        if key in words:
            own[key] = value
        elif "." not in key and place not in (CASE, *Config.model_fields):
            raise unknown_name(key, "unknown key", place, [*words, *Config.model_fields])
        else:
            settings.append((key, value))
    return own, settings


def of_call(
    scenario: str | None, overrides: Sequence[str], keys: dict[str, Any], words: Sequence[str]
) -> tuple[dict[str, Any], list[Setting]]:
    """The same for a call from Python: a command's own words and settings among its arguments.

    Args:
        scenario: Name of a scenario, the first setting; None for none.
        overrides: ``key=value`` as on the command line; they stand over ``keys``.
        keys: Own words and settings by name, a dot in a setting written as two underscores.
        words: The command's own.

    Raises:
        InputError: A word that is neither, or that cannot be read.
    """
    own, later = split(overrides, words)
    first: list[Setting] = [] if scenario is None else [("scenario", scenario)]
    first += [(key.replace("__", "."), value) for key, value in keys.items() if key not in words]
    return {key: value for key, value in keys.items() if key in words} | own, first + later


def number(key: str, value: Any, low: float, high: float) -> float:
    """A number between two bounds.

    Raises:
        InputError: It is none, or outside.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(key, f"{show(value)} is not allowed", f"number from {low:g} to {high:g}")
    return float(value)


def whole(key: str, value: Any, low: int, high: int) -> int:
    """A whole number between two bounds.

    Raises:
        InputError: It is none, or outside.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(key, f"{show(value)} is not allowed", f"whole number from {low} to {high}")
    return value


def listed(key: str, value: Any) -> list[Any]:
    """A list of different things, or one thing as a list of one.

    Raises:
        InputError: It is empty, or names something twice.
    """
    items = list(value) if isinstance(value, list | tuple) else [value]
    if not items or len({str(item) for item in items}) < len(items):
        raise InputError(key, f"{show(value)} is not allowed", f"{key}=[a,b], each once")
    return items


def indicators(key: str, value: Any) -> list[str]:
    """Names of indicators.

    Raises:
        InputError: One of them is not known.
    """
    items = listed(key, value)
    for item in items:
        if item not in INDICATORS:
            raise unknown_name(key, f"{show(item)} is not known", str(item), list(INDICATORS))
    return [str(item) for item in items]


def case(given: Sequence[Setting], usual: dict[str, Any], config_dir: Path | None = None) -> Config:
    """A scenario (Kangqiao unless another is given) under its own policy unless another is given.

    Args:
        given: Settings of the user.
        usual: What holds where those say nothing.
        config_dir: Folder with groups of the user's own.
    """
    keys = {key for key, _ in given}
    first: list[Setting] = [] if "scenario" in keys else [("scenario", "kangqiao")]
    if "policy" not in keys:
        named = load_settings([*first, *[s for s in given if s[0] == "scenario"]], config_dir)[0]
        first.append(("policy", named.scenario.policy))
    config = load_settings([*first, *usual.items(), *given], config_dir, look=True)[0]
    check_seeds(config)
    return config
