"""Which parameters an analysis varies, and between which bounds: read from the schema, never typed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.compose import Interval, full_key
from sim.config import GROUPS as OURS
from sim.config import Config
from sim.errors import InputError
from sim.explain import show, unknown_name
from sim.schema import Described
from sim.science.core import CORE_NAME, PRIORS

DOSES = "doses"
"""In a list of groups: the dose of every measure of the policy."""

_GROUPS = (
    "turnover", "issues", "service", "perception", "participation", "fees", "bills", "parking", "commons", "conflict",
    "firm", "company", "committee", "assembly", "fund", "cell", "community", "developer",
)  # fmt: skip
# Groups that say how people and institutions behave, not who they are.

WHOLE = "whole"


def groups() -> list[str]:
    """Groups that say how people and institutions behave, not who they are, and those of one's own."""
    return [*_GROUPS, *(name for name in Config.model_fields if name not in OURS)]


@dataclass(frozen=True)
class Factor:
    """A number that is varied.

    Attributes:
        key: Key of the configuration.
        value: What it is when it is not varied.
        low, high: Bounds.
        whole: Whether it counts.
        en, zh: What it is.
    """

    key: str
    value: float
    low: float
    high: float
    whole: bool
    en: str
    zh: str

    @property
    def short(self) -> str:
        """The key without the place of measures."""
        return self.key.removeprefix("policy.measures.")

    def setting(self, number: float) -> float | int:
        """A sampled number as the schema takes it."""
        return round(number) if self.whole else float(number)


def numbers(config: Config) -> dict[str, tuple[Described, float]]:
    """Every number with two bounds that a configuration holds, by key, with its present value."""
    tree = config.resolved()
    found: dict[str, tuple[Described, float]] = {}
    for row in _described(config):
        value = value_at(tree, row.key)
        counts = isinstance(row.default, int | float) and not isinstance(row.default, bool)
        if counts and row.low is not None and row.high is not None and value is not None:
            found[row.key] = (row, value)
    return found


def _described(config: Config) -> Iterator[Described]:
    yield from Config.describe()
    for entry in config.policy.entries():
        yield from entry.measure.Parameters.describe(f"policy.measures.{entry.label}.")


def value_at(tree: Mapping[str, Any], key: str) -> float | None:
    """The number that stands at a dotted key of a tree, None if none does."""
    node: Any = tree
    for name in key.split("."):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, int | float) and not isinstance(node, bool) else None


def one(config: Config, where: str, key: str) -> tuple[Described, float]:
    """One number of a configuration.

    Args:
        config: Where it stands.
        where: Word that asked for it, for the message.
        key: Its key.

    Raises:
        InputError: There is no such number, or it has no bounds.
    """
    known = numbers(config)
    if full_key(key) not in known:
        raise unknown_name(where, f"{show(key)} is no number with bounds", key, list(known))
    return known[full_key(key)]


def choose(
    config: Config,
    over: Sequence[Any],
    intervals: Mapping[str, Interval],
    width: float | str,
) -> list[Factor]:
    """Factors in the order of the schema.

    Args:
        config: What is lived where nothing is varied.
        over: ``core``, groups of the configuration, ``doses``, and single keys.
        intervals: Keys with bounds of the user's own.
        width: See ``bounds``; numbers of the core vary between the ends of their priors where it is named.

    Raises:
        InputError: A name that is neither, or a bound that is not allowed.
    """
    known = numbers(config)
    chosen: set[str] = set()
    for item in over:
        chosen |= _named(str(item), known)
    chosen |= {full_key(key) for key in intervals}
    factors = []
    for key in sorted(chosen - known.keys()):
        raise unknown_name(key, "is no number with bounds", key, list(known))
    for key, (row, value) in known.items():
        if key in chosen:
            low, high = bounds(row, value, width)
            if CORE_NAME in over and key in PRIORS:
                low, high, _ = PRIORS[key]
            if key in intervals:
                low, high = _own(row, intervals[key])
            factors.append(Factor(key, value, low, high, _counts(row), row.en, row.zh))
    return factors


def _named(item: str, known: Mapping[str, tuple[Described, float]]) -> set[str]:
    if item == CORE_NAME:
        return set(PRIORS) & known.keys()
    measures = "policy.measures."
    if item == DOSES:
        return {key for key in known if key.startswith(measures) and key.endswith(".dose")}
    if full_key(item) in known:
        return {full_key(item)}
    group = {key for key in known if key.startswith(f"{item}.") and not key.startswith(measures)}
    if not group or item not in Config.model_fields:
        groups = list(dict.fromkeys(k.split(".")[0] for k in known if "." in k))
        allowed = [CORE_NAME, DOSES, *groups, *known]
        raise unknown_name("over", f"{show(item)} is no group or number", item, allowed)
    return group


def bounds(row: Described, value: float, width: float | str) -> tuple[float, float]:
    """Bounds between which a number is varied.

    Args:
        row: What the schema says of it.
        value: Its value when it is not varied.
        width: "whole" for all that the schema allows; else how far to go of the way to the nearer
            limit, the same on both sides, so that the value stays in the middle. A value on a limit
            goes that share of the whole range inwards.
    """
    assert row.low is not None and row.high is not None
    low, high = float(row.low), float(row.high)
    if isinstance(width, float):
        reach = width * min(value - low, high - value)
        if reach > 0:
            low, high = max(value - reach, low), min(value + reach, high)
        else:
            inwards = width * (high - low)
            low, high = (low, low + inwards) if value <= low else (high - inwards, high)
    if _counts(row):
        low, high = math.ceil(low), math.floor(high)
        if low >= high:
            low, high = max(int(value) - 1, int(row.low)), min(int(value) + 1, int(row.high))
    return low, high


def _counts(row: Described) -> bool:
    # Levels stand in a group of decimal numbers, but there is none between two.
    return isinstance(row.default, int) or row.unit == "level"


def _own(row: Described, given: Interval) -> tuple[float, float]:
    assert row.low is not None and row.high is not None
    if not row.low <= given.low < given.high <= row.high:
        problem = f"interval({given.low:g},{given.high:g}) is not allowed"
        raise InputError(row.key, problem, f"from {row.low:g} to {row.high:g}, low below high")
    return given.low, given.high


def problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """The factors as SALib takes them."""
    return {
        "num_vars": len(factors),
        "names": [factor.key for factor in factors],
        "bounds": [[factor.low, factor.high] for factor in factors],
    }


def settings(factors: Sequence[Factor], row: np.ndarray) -> dict[str, Any]:
    """One sampled point as keys to set."""
    return {f.key: f.setting(float(x)) for f, x in zip(factors, row, strict=True)}
