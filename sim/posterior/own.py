"""A compound of one's own: from what is known of it to what it may be like, in a moment.

Approximate Bayesian computation with regression (Fearnhead and Prangle 2012; Beaumont, Zhang and Balding 2002): what
is known is foreseen from by least squares over the table of compounds, the nearest compounds are kept, and their
numbers are moved by what the nearest differ in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sim.config import Config
from sim.errors import InputError
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.inputs import say_read
from sim.intake.figures import read_months
from sim.outcomes import INDICATORS
from sim.posterior import estates, space
from sim.society.reading import Notes
from sim.standing import standing

NEAREST = 300
"""Compounds that are kept."""

DRAWS = 200
"""Draws handed on, see ``Own.draws``."""

ERROR = {
    "satisfied_share": 0.05,
    "tickets_per_1000": 0.5,
    "complaints_per_1000": 0.5,
    "days_to_close": 2.0,
}
"""How well a figure is known, a standard deviation in its unit (assumed); a rate to 0.02."""

RATE_ERROR = 0.02

MOST = {
    "collection_all_money": 5.0,
    "tickets_per_1000": 1000.0,
    "complaints_per_1000": 1000.0,
    "days_to_close": 400.0,
}
"""Most that is taken for a figure without an upper bound of its own: 95 for 95% is a slip, as the command says too."""

FAR = 0.01
"""A figure that so small a share of compounds of the kind lies beyond cannot be reached."""

HEAP = 0.005
"""Share of a number's range that counts as its end."""

TRAITS = ("standing", "care", "legacy", "civic")
NUMBERS = [*space.KEYS, *TRAITS]
"""What is found: the core, and traits of the compound."""

SETTINGS = {
    "care": "firm.diligence",
    "legacy": "developer.legacy",
    "civic": "population.civic_mean",
}
"""Keys that traits set; standing sets several, see ``sim.standing``."""


@dataclass(frozen=True, repr=False)
class Own(Answer):
    """What a compound may be like.

    Attributes:
        question: What was asked.
        draws: A row a draw: what it sets, by key of the configuration (core, start and traits). The compound begins
            two years before month 0 (``sim.compose.COMPOUND_PAST``). ``compound=`` of other questions lives them.
        parameters: A row a number: ``prior_low``, ``prior_high`` (middle 90%), ``q05``, ``median``, ``q95``, ``width``.
        fit: A row a figure that is known: ``given``, ``q05``, ``median``, ``q95`` of the compounds kept, and whether
            it ``can`` be reached.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than made now.
    """

    TABLES = ("fit", "parameters", "draws")
    MAIN = "fit"
    SHOWN = "sim.posterior.own_tables:print_own"

    question: Question
    draws: pd.DataFrame
    parameters: pd.DataFrame
    fit: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def fits(self) -> bool:
        """Whether all that is known can be reached."""
        return bool(self.fit["can"].all())


@dataclass(frozen=True)
class Question(Kept):
    """Which compound.

    Attributes:
        kind: Of ``estates.KINDS``.
        given: What is known: values by name of ``estates.names``.
        config: That kind's configuration, which names the seed.
    """

    kind: str
    given: Mapping[str, float]
    config: Config

    ANSWER = Own

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        # The table is no source: its hash is no part of what an answer is known to be made of.
        return Asked(
            "compound", self.config, {"given": dict(self.given), "table": estates.sha256()}
        )

    def maker(self, how: How) -> Maker:
        """What looks it up."""
        return partial(find, self.kind, self.given, self.config.seed)


def find(kind: str, given: Mapping[str, float], seed: int = 1) -> dict[str, pd.DataFrame]:
    """Compounds like one's own: the tables of ``Own``.

    Args:
        kind: Of ``estates.KINDS``.
        given: Values by name of ``estates.names``, at least one.
        seed: Of all that is drawn.

    Raises:
        InputError: An unknown kind or name, a value that is not allowed, or nothing given.
    """
    check(kind, given)
    every = estates.table()
    table = every[every["kind"] == estates.KINDS.index(kind)].dropna(subset=list(given))
    chosen, moved = _nearest(table, given, seed)
    found = pd.DataFrame(moved, columns=NUMBERS)
    parameters = space.widths(moved, table[NUMBERS].to_numpy(), NUMBERS)
    rng = np.random.default_rng([estates.SEED, seed, 3])
    rows = found.iloc[rng.choice(len(found), DRAWS)].reset_index(drop=True)
    return {"draws": _settings(rows), "parameters": parameters, "fit": _fit(table, chosen, given)}


def check(kind: str, given: Mapping[str, float]) -> None:
    """Refuse what is no figure of a compound.

    Raises:
        InputError: Names kind, figure and value.
    """
    if kind not in estates.KINDS:
        raise InputError("scenario", f"{kind} is no generic kind", ", ".join(estates.KINDS))
    if not given:
        raise InputError("compound", "nothing is known of it", "at least one figure, as rate=0.62")
    for name, value in given.items():
        if name not in estates.names():
            raise InputError(name, "is no figure of a compound", "see xiaoqu compound --help")
        low, high = _bounds(name.partition("@")[0])
        if not low <= value <= high:
            raise InputError(
                name, f"{value:g} is not allowed", f"a number from {low:g} to {high:g}"
            )
    calls, again = (given.get(name) for name in ("tickets_per_1000", "complaints_per_1000"))
    if calls is not None and again is not None and again > calls:
        problem = f"{again:g} is more than the {calls:g} tickets that they are a part of"
        raise InputError("complaints", problem, f"a number from 0 to {calls:g}")


def _bounds(indicator: str) -> tuple[float, float]:
    """Least and most that is taken for a figure."""
    one = INDICATORS[indicator]
    return one.low, MOST.get(indicator, one.high)


def of_file(path: Path) -> dict[str, float]:
    """What a file of months tells: rates as they stand, states as means of the year.

    Raises:
        InputError: Names file, row and column; or nothing of it is a figure of a compound.
    """
    read = (*estates.RATES, *estates.STATES)
    bounds = {name: _bounds(name) for name in read}
    titles = {name: (INDICATORS[name].zh, INDICATORS[name].en) for name in read}
    notes: Notes = []
    cells = read_months(str(path), bounds, (-11, 0), notes, titles=titles)
    say_read(str(path), notes)
    found = {f"{name}@{month:+d}": value for name, month, value in cells if name in estates.RATES}
    for name in estates.STATES:
        if values := [value for one, _, value in cells if one == name]:
            found[name] = float(np.mean(values))
    return found


def _nearest(
    table: pd.DataFrame, given: Mapping[str, float], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places of the nearest compounds, and their numbers moved to what is known (NEAREST, numbers)."""
    names = list(given)
    error = np.array([ERROR.get(name, RATE_ERROR) for name in names])
    # As a user's records show the compounds of the table: known no better than they are.
    noise = np.random.default_rng([estates.SEED, seed, 2]).standard_normal((len(table), len(names)))
    seen, said = (
        table[names].to_numpy(dtype=float) + error * noise,
        np.array([given[n] for n in names]),
    )
    size = np.maximum(seen.std(axis=0), error)
    at, mine = (seen - said) / size, np.zeros(len(names))
    numbers, low, high = _as_odds(table)
    foreseen = _Squares(at, numbers)
    summary, here = foreseen(at), foreseen(mine[None, :])
    # Only as many directions as there are figures can differ; each counts by how well it tells a number.
    spread = numbers.std(axis=0)
    away = (((summary - here) / spread) ** 2).sum(axis=1)
    chosen = np.argsort(away, kind="stable")[: min(NEAREST, len(table))]
    weights = np.sqrt(1.0 - away[chosen] / max(away[chosen[-1]] * 1.0001, 1e-12))
    local = np.column_stack([np.ones(len(chosen)), at[chosen]])
    slopes = np.linalg.lstsq(
        local * weights[:, None], numbers[chosen] * weights[:, None], rcond=1e-6
    )[0]
    moved = numbers[chosen] - at[chosen] @ slopes[1:]
    picked = np.random.default_rng([estates.SEED, seed, 4]).choice(
        len(chosen), len(chosen), p=weights**2 / (weights**2).sum()
    )
    share = 1.0 / (1.0 + np.exp(-moved))
    # Many developers left nothing at all: an end that holds a heap of compounds stays an end.
    share = np.where(share < HEAP, 0.0, np.where(share > 1.0 - HEAP, 1.0, share))
    return chosen, (low + (high - low) * share)[picked]


def _as_odds(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers on a scale without ends, and the ends that they keep."""
    plain = table[NUMBERS].to_numpy(dtype=float)
    low, high = plain.min(axis=0), plain.max(axis=0)
    share = np.clip((plain - low) / (high - low), 1e-3, 1.0 - 1e-3)
    return np.log(share / (1.0 - share)), low, high


class _Squares:
    """Least squares on figures, their squares and products."""

    def __init__(self, at: np.ndarray, numbers: np.ndarray) -> None:
        grown = self._grown(at)
        ridge = 1e-3 * len(at) * np.eye(grown.shape[1])
        self._slopes = np.linalg.solve(grown.T @ grown + ridge, grown.T @ numbers)

    def __call__(self, at: np.ndarray) -> np.ndarray:
        return np.asarray(self._grown(at) @ self._slopes)

    @staticmethod
    def _grown(at: np.ndarray) -> np.ndarray:
        bounded = np.clip(at, -4.0, 4.0)
        first, second = np.triu_indices(bounded.shape[1])
        return np.column_stack([np.ones(len(at)), bounded, bounded[:, first] * bounded[:, second]])


def _settings(rows: pd.DataFrame) -> pd.DataFrame:
    """What each draw sets, by key."""
    starts = pd.DataFrame([standing(float(level)) for level in rows["standing"]])
    found = pd.concat([rows[list(space.KEYS)], starts.drop(columns="firm.diligence")], axis=1)
    return found.assign(**{key: rows[name] for name, key in SETTINGS.items()}).round(6)


def _fit(table: pd.DataFrame, chosen: np.ndarray, given: Mapping[str, float]) -> pd.DataFrame:
    rows = []
    for name, value in given.items():
        kept, error = table[name].to_numpy()[chosen], ERROR.get(name, RATE_ERROR)
        low, median, high = np.quantile(kept, [0.05, 0.5, 0.95])
        can = _shown(table, name, value) and low - 2 * error <= value <= high + 2 * error
        rows.append(
            {
                "figure": name,
                "given": value,
                "q05": low,
                "median": median,
                "q95": high,
                "can": bool(can),
            }
        )
    return pd.DataFrame(rows)


def _shown(table: pd.DataFrame, name: str, value: float) -> bool:
    error, every = ERROR.get(name, RATE_ERROR), table[name].to_numpy()
    return bool(min(np.mean(every >= value - error), np.mean(every <= value + error)) > FAR)


def strange(kind: str, given: Mapping[str, float]) -> list[str]:
    """Names of the figures that hardly any compound of the kind shows, each looked at by itself.

    Raises:
        InputError: An unknown kind or name, a value that is not allowed, or nothing given.
    """
    check(kind, given)
    every = estates.table()
    table = every[every["kind"] == estates.KINDS.index(kind)]
    return [name for name, v in given.items() if not _shown(table.dropna(subset=[name]), name, v)]


def coverage(
    truths: Sequence[int], known: Sequence[str], kind: str = estates.KINDS[0]
) -> pd.DataFrame:
    """How often 90% intervals hold the numbers of compounds of the table itself, each kept out as it is asked for.

    Args:
        truths: Places among the compounds of the kind.
        known: Figures that are known of each.
        kind: Of ``estates.KINDS``.

    Returns:
        A row a number: ``covered`` and mean ``width`` over the prior's.
    """
    every = estates.table()
    table = (
        every[every["kind"] == estates.KINDS.index(kind)]
        .dropna(subset=list(known))
        .reset_index(drop=True)
    )
    usual = np.ptp(np.quantile(table[NUMBERS].to_numpy(), [0.05, 0.95], axis=0), axis=0)
    inside, width = [], []
    for place in truths:
        truth, rest = table.iloc[place], table.drop(index=place)
        rng = np.random.default_rng([estates.SEED, place, 5])
        given = {
            n: float(truth[n]) + ERROR.get(n, RATE_ERROR) * rng.standard_normal() for n in known
        }
        _, moved = _nearest(rest, given, place)
        low, high = np.quantile(moved, [0.05, 0.95], axis=0)
        value = truth[NUMBERS].to_numpy(dtype=float)
        inside.append((low <= value) & (value <= high))
        width.append((high - low) / usual)
    return pd.DataFrame(
        {"parameter": NUMBERS, "covered": np.mean(inside, axis=0), "width": np.mean(width, axis=0)}
    )
