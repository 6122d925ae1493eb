"""Causal arrows: what acts on what in the model, each declared beside the rule that has it.

A configuration cuts any of them by name (``cut: [income_to_effort]``). What an arrow leads to is then as it would be
without that cause: the rule sees the neutral value that the arrow's declaration names, and everything else goes on.
Neutral is, for what a household feels or believes, what somebody has who knows nothing of the place; for the state
of a compound, that of its first month; for money, what a firm reckons with when it comes. So nothing is frozen that
wears or is mended, and in an ordinary compound a cut by itself moves little.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import create_model

from sim.compiled import inlined
from sim.schema import Parameters, param


@dataclass(frozen=True)
class Arrow:
    """One cause and what it acts on.

    Attributes:
        cause: What acts.
        effect: What it acts on.
        en: How it acts, in an English sentence.
        neutral: What the rule sees instead where it is cut.
        zh: How it acts, in Chinese.
        zh_neutral: What the rule sees instead, in Chinese.
        module: Where it is declared, beside its rule.
    """

    cause: str
    effect: str
    en: str
    neutral: str
    zh: str
    zh_neutral: str
    module: str

    @property
    def name(self) -> str:
        """As ``cut`` names it."""
        return f"{self.cause}_to_{self.effect}"


ARROWS: dict[str, Arrow] = {}
"""Every arrow of the model, by name."""


def arrow(cause: str, effect: str, en: str, *, neutral: str, zh: str, zh_neutral: str) -> None:
    """Declare an arrow; its rule reads ``parameters.arrows.CAUSE_to_EFFECT``, 1 as a rule and 0 where it is cut.

    Raises:
        ValueError: It is declared twice.
    """
    module = sys._getframe(1).f_globals["__name__"]
    one = Arrow(cause, effect, en, neutral, zh, zh_neutral, module)
    if one.name in ARROWS:
        raise ValueError(f"{one.name} is declared twice, in {ARROWS[one.name].module} and {module}")
    ARROWS[one.name] = one


@inlined
def through(weight, value, neutral):  # type: ignore[no-untyped-def]
    """What a rule sees of a cause: its value, or what is neutral where the arrow is cut."""
    return value if weight > 0.0 else neutral


def weights(cut: Iterable[str] = ()) -> Parameters:
    """What rules read: 1 for each arrow, 0 for those that are cut."""
    return _weights(tuple(sorted(ARROWS)), frozenset(cut))


@cache
def _weights(names: tuple[str, ...], cut: frozenset[str]) -> Parameters:
    return _group(names)(**{name: float(name not in cut) for name in names})


@cache
def _group(names: tuple[str, ...]) -> type[Parameters]:
    # In the order of names: where a weight lies must not hang on which module was read first.
    fields: dict[str, Any] = {
        name: (float, param(1.0, ARROWS[name].en, low=0, high=1, zh=ARROWS[name].zh))
        for name in names
    }
    return create_model("Arrows", __base__=Parameters, __doc__="Weights of arrows.", **fields)
