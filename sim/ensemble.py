"""The ensemble of parameter sets that answers are lived under, so that their bands hold doubt about parameters too.

``sim/data/posterior.csv`` has a row a set and a column a key; all rows weigh alike and stand in random order.
``posterior.yaml`` beside it says where they come from. The run with seed s lives row s modulo the number of rows:
the same seed is the same set, in every question and under every policy. ``Config.drawn`` puts it in.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from sim.errors import InputError
from sim.phrases import phrases
from sim.schema import Parameters
from sim.streams import LARGEST_SEED

FILE, NOTES = "posterior.csv", "posterior.yaml"

_STEPS = 4
"""Steps in which a draw that breaks a rule between two settings is led back to what is configured."""


@dataclass(frozen=True)
class Ensemble:
    """Parameter sets of equal weight.

    Attributes:
        keys: Keys of the configuration that are drawn, ``group.name`` each.
        draws: Values (sets, keys).
        sha256: Of the file.
        version: What its notes call it.
        en, zh: Where the sets come from.
    """

    keys: tuple[str, ...]
    draws: np.ndarray
    sha256: str
    version: str
    en: str = ""
    zh: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """What manifests keep of it."""
        return {"version": self.version, "sha256": self.sha256, "draws": len(self.draws)}


def shipped() -> Ensemble:
    """The ensemble that came along with xiaoqu.

    Raises:
        InputError: Its file is no table of numbers with a key above each column.
    """
    return _shipped()


@cache
def _shipped() -> Ensemble:
    place = files("sim").joinpath("data")
    notes = yaml.safe_load(place.joinpath(NOTES).read_text(encoding="utf-8"))
    return read(place.joinpath(FILE).read_bytes(), **{k: str(v) for k, v in notes.items()})


def read(data: bytes, version: str, en: str = "", zh: str = "") -> Ensemble:
    """An ensemble from the content of its file.

    Args:
        data: CSV: keys in the first line, then a line of plain numbers for each set.
        version: What it is called.
        en: Where it comes from.
        zh: The same in Chinese.

    Raises:
        InputError: It is no such table; says which line or column.
    """
    head, _, rows = data.decode("utf-8").partition("\n")
    keys = tuple(key.strip() for key in head.split(","))
    for key in keys:
        if key.count(".") != 1 or keys.count(key) > 1:
            raise InputError(
                FILE, f"column {key!r} is none", "group.name of a parameter, each once"
            )
    if not rows.strip():
        raise InputError(FILE, "has no rows", "a line of numbers for each set")
    try:
        draws = np.loadtxt(io.StringIO(rows), delimiter=",", ndmin=2)
    except ValueError as error:
        raise InputError(FILE, f"is no table ({error})", "plain numbers, a column a key") from None
    if draws.shape[1] != len(keys) or not len(draws) or not np.isfinite(draws).all():
        problem = f"{draws.shape[0]} rows of {draws.shape[1]} numbers below {len(keys)} keys"
        raise InputError(FILE, problem, "rows of finite numbers, as many as there are keys")
    return Ensemble(keys, draws, hashlib.sha256(data).hexdigest(), version, en, zh)


def number_of(seed: int) -> int:
    """Number of the set (0, 1, ...) that the run with a seed lives."""
    return seed % len(shipped().draws)


def draw(seed: int) -> dict[str, dict[str, float]]:
    """Values by group and name of the set that the run with a seed lives."""
    ensemble = shipped()
    found: dict[str, dict[str, float]] = {}
    for key, value in zip(ensemble.keys, ensemble.draws[number_of(seed)].tolist(), strict=True):
        group, _, name = key.partition(".")
        found.setdefault(group, {})[name] = value
    return found


def twin(seed: int, count: int) -> int:
    """Another seed that lives the same set as a seed among ``count`` that follow one another, and is none of them."""
    rows = len(shipped().draws)
    away = rows * -(-count // rows)
    return seed + away if seed + away <= LARGEST_SEED else seed - away


def named_in(tree: Mapping[str, Any]) -> set[str]:
    """Drawn keys that a tree of settings names, whatever their value."""
    return {key for key in shipped().keys if _names(tree.get(key.partition(".")[0]), key)}


def _names(group: Any, key: str) -> bool:
    name = key.partition(".")[2]
    if isinstance(group, Parameters):
        return name in group.model_fields_set
    return isinstance(group, Mapping) and name in group


def set_by(settings: Mapping[str, Any]) -> set[str]:
    """Drawn keys that dotted settings set, each by itself or with its group."""
    whole = named_in({key: value for key, value in settings.items() if "." not in key})
    return whole | (set(shipped().keys) & settings.keys())


def moved(group: Parameters, values: Mapping[str, float]) -> Parameters:
    """A group of parameters with drawn values, within its bounds and rules.

    Where a draw and a setting that is held break a rule together, as shares that exceed 1, the draw is led
    back towards what is configured, which breaks none.
    """
    own = {name: getattr(group, name) for name in type(group).model_fields}
    for step in range(_STEPS, 0, -1):
        share = step / _STEPS
        drawn = {name: own[name] + share * (v - own[name]) for name, v in values.items()}
        drawn = dict(values) if step == _STEPS else drawn
        try:
            return type(group).model_validate(own | drawn)
        except ValueError:
            continue
    return group


# --- what is said of it -------------------------------------------------------------------------

WORDS = phrases("drawn")

MOST_NAMED = 6
"""Held keys that are named; of more it is said how many there are."""


def said(held: Iterable[str], kinds: Mapping[str, Iterable[str]], language: str = "en") -> str:
    """One line on which parameters are drawn and which are held.

    Args:
        held: Drawn keys that were set, so are not drawn.
        kinds: Kinds of compound that set a key which is drawn elsewhere, by key.
        language: "en" or "zh".
    """
    words, ensemble = WORDS[language], shipped()
    fixed = [key for key in ensemble.keys if key in set(held)]
    free = len(ensemble.keys) - len(fixed)
    if not free:
        return words["off"]
    line = words["drawn"].format(
        free=free, all=len(ensemble.keys), version=ensemble.version, draws=len(ensemble.draws)
    )
    comma = {"en": ", ", "zh": "、"}[language]
    names = fixed[:MOST_NAMED] + [f"+{len(fixed) - MOST_NAMED}"] * (len(fixed) > MOST_NAMED)
    names += [words["kinds"].format(key=k, kinds=comma.join(of)) for k, of in kinds.items()]
    line += words["held"].format(names=comma.join(names)) if names else words["none"]
    return line + {"en": ".", "zh": "。"}[language]
