"""The ensemble of parameter sets that answers are lived under, so that their bands hold doubt about parameters too.

``sim/data/posterior.csv`` has a row a set and a column a key; all rows weigh alike and stand in random order.
``posterior.yaml`` beside it says where they come from. The run with seed s lives row s modulo the number of rows:
the same seed is the same set, in every question and under every policy. ``Config.drawn`` puts it in. A file of sets
of somebody's own, as ``xiaoqu compound`` keeps one, stands in its place where ``draws_file`` names it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sim.errors import InputError
from sim.files import read_bytes, read_json
from sim.phrases import phrases
from sim.schema import Parameters
from sim.streams import LARGEST_SEED

FILE, NOTES = "posterior.csv", "posterior.yaml"

DRAWS, MANIFEST = "draws.parquet", "manifest.json"
"""Files of the folder that ``xiaoqu compound`` keeps."""

LARGEST = 64 * 2**20
"""Bytes of a file of sets."""

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

    def number_of(self, seed: int) -> int:
        """Number of the set (0, 1, ...) that the run with a seed lives."""
        return seed % len(self.draws)

    def draw(self, seed: int) -> dict[str, dict[str, float]]:
        """Values by group and name of the set that the run with a seed lives."""
        found: dict[str, dict[str, float]] = {}
        for key, value in zip(self.keys, self.draws[self.number_of(seed)].tolist(), strict=True):
            group, _, name = key.partition(".")
            found.setdefault(group, {})[name] = value
        return found

    def twin(self, seed: int, count: int) -> int:
        """Another seed that lives a seed's set, and is none of ``count`` seeds that follow one another with it."""
        rows = len(self.draws)
        away = rows * -(-count // rows)
        return seed + away if seed + away <= LARGEST_SEED else seed - away

    def named_in(self, tree: Mapping[str, Any]) -> set[str]:
        """Drawn keys that a tree of settings names, whatever their value."""
        return {key for key in self.keys if _names(tree.get(key.partition(".")[0]), key)}

    def set_by(self, settings: Mapping[str, Any]) -> set[str]:
        """Drawn keys that dotted settings set, each by itself or with its group."""
        whole = self.named_in({key: value for key, value in settings.items() if "." not in key})
        return whole | (set(self.keys) & settings.keys())


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


def of(path: str) -> Ensemble:
    """The ensemble of a file, "" for the one that came along with xiaoqu.

    Raises:
        InputError: The file cannot be read, or is no table of numbers with a key above each column.
    """
    return _own(path, contents(path)) if path else shipped()


@cache
def _own(path: str, data: bytes) -> Ensemble:
    return read(data, "", "sets of one's own", "自有参数组", where=path)


def contents(path: str | Path) -> bytes:
    """What a file of sets holds.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return read_bytes(Path(path), LARGEST)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        problem = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise InputError(str(path), problem, "a file of parameter sets") from error


def compound(folder: str) -> tuple[str, str]:
    """What ``xiaoqu compound`` kept in a folder: the kind of compound, and the path of its sets.

    Raises:
        InputError: It kept nothing there, or the file was changed since.
    """
    allowed = "a folder that xiaoqu compound made, as results/compound/NAME"
    told, path = read_json(Path(folder) / MANIFEST, allowed), Path(folder) / DRAWS
    try:
        asked, kind = told["command"], str(told["configuration"]["scenario"]["name"])
        hashed = told["files"][DRAWS]
    except (KeyError, TypeError):
        raise InputError(folder, "is not the answer of a compound", allowed) from None
    if asked != "compound":
        raise InputError(folder, f"is the answer of {asked}, not of a compound", allowed)
    if hashlib.sha256(contents(path)).hexdigest() != hashed:
        raise InputError(str(path), "has changed since it was written", allowed)
    return kind, str(path)


def read(data: bytes, version: str, en: str = "", zh: str = "", where: str = FILE) -> Ensemble:
    """An ensemble from the content of its file.

    Args:
        data: CSV or Parquet: keys as columns, then a row of plain numbers for each set.
        version: What it is called; "" for what its hash says.
        en: Where it comes from.
        zh: The same in Chinese.
        where: What the file is called.

    Raises:
        InputError: It is no such table; says which line or column.
    """
    keys, draws = (_of_parquet if data.startswith(b"PAR1") else _of_text)(data, where)
    for key in keys:
        if key.count(".") != 1 or keys.count(key) > 1:
            raise InputError(
                where, f"column {key!r} is none", "group.name of a parameter, each once"
            )
    if draws.shape[1] != len(keys) or not len(draws) or not np.isfinite(draws).all():
        problem = f"{draws.shape[0]} rows of {draws.shape[1]} numbers below {len(keys)} keys"
        raise InputError(where, problem, "rows of finite numbers, as many as there are keys")
    sha256 = hashlib.sha256(data).hexdigest()
    return Ensemble(keys, draws, sha256, version or f"own-{sha256[:8]}", en, zh)


def _of_text(data: bytes, where: str) -> tuple[tuple[str, ...], np.ndarray]:
    try:
        head, _, rows = data.decode("utf-8").partition("\n")
        keys = tuple(key.strip() for key in head.split(","))
        if not rows.strip():
            raise InputError(where, "has no rows", "a line of numbers for each set")
        return keys, np.loadtxt(io.StringIO(rows), delimiter=",", ndmin=2)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(where, f"is no table ({error})", "plain numbers, a column a key") from None


def _of_parquet(data: bytes, where: str) -> tuple[tuple[str, ...], np.ndarray]:
    import pandas as pd

    try:
        frame = pd.read_parquet(io.BytesIO(data))
        return tuple(map(str, frame.columns)), frame.to_numpy(dtype=float)
    except (ValueError, TypeError, OSError) as error:
        raise InputError(where, f"is no table ({error})", "plain numbers, a column a key") from None


def _names(group: Any, key: str) -> bool:
    name = key.partition(".")[2]
    if isinstance(group, Parameters):
        return name in group.model_fields_set
    return isinstance(group, Mapping) and name in group


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


def said(
    ensemble: Ensemble,
    held: Iterable[str],
    kinds: Mapping[str, Iterable[str]],
    language: str = "en",
) -> str:
    """One line on which parameters are drawn and which are held.

    Args:
        ensemble: What is drawn from.
        held: Drawn keys that were set, so are not drawn.
        kinds: Kinds of compound that set a key which is drawn elsewhere, by key.
        language: "en" or "zh".
    """
    words = WORDS[language]
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
