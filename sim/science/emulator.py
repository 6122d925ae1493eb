"""An emulator: what measures change month by month, learned from runs, and how far it is off.

Inputs are what a measure's dose, start and end make of each month: its strength then, how much of it there
has been so far, how long it has been there. So nothing can change before a measure begins. Outputs are
differences from the same compound under the same seed without measures, which chance blurs far less than
levels; the mean level without measures is added again. What has gaps, as collection where there is no firm,
is compared with that mean level instead: where there is none without measures, there is nothing to subtract.

Networks of scikit-learn (``MLPRegressor``) are fitted to parts of the seeds each and averaged; one more learns
how far single runs lie from their line. What quantiles of single runs are then, in those units, is counted on
runs that none of them has seen (split conformal prediction, Lei et al. 2018, doi 10.1080/01621459.2017.1307116).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom

from sim import known, leaving

MEMBERS = 4
"""Networks that are averaged; each leaves a part of the seeds out."""

HIDDEN = (64, 64)
STEPS, BATCH, STEP, DECAY = 4000, 200, 2e-3, 1e-1
"""Steps in which a network is fitted, rows of each, size of the first, penalty of large coefficients."""

MEMORY = 8
"""Months in which what a measure has done lately wears off, for one of the inputs."""

YEARS = 24.0
"""Months that count 1 in inputs that are sums of months."""

BANDS = (0.05, 0.25, 0.75, 0.95)
"""Ends of the bands that hold 90% and 50% of runs."""

ENOUGH = 0.5
"""Share of a setting's runs that must have a value for their mean to be held against the line."""

HELD, CERTAIN = 0.95, 0.95
"""Share of settings that stay within the stated error, and how certain that is."""

LEAST_TESTED = 59
"""Settings from which on the largest of their distances is such a limit: 1 - ``HELD`` ** 59 is above ``CERTAIN``."""

RARE = 0.02
"""Share of runs with a value below which a line is not shown at all."""

LEAST_SPREAD = 0.05
"""Least spread that is believed, as a part of the usual one: elsewhere a band could be nothing."""


class Setting(NamedTuple):
    """How a measure is used; dose 0 is not at all. In force from ``start`` until ``end`` begins."""

    dose: float
    start: int
    end: int


class Lever(NamedTuple):
    """What of a measure does not move: its label, months until it works in full, and after its end."""

    label: str
    ramp: int
    fades: int


def strengths(lever: Lever, setting: Setting, months: int) -> np.ndarray:
    """Dose (months + 1,) in each month from 0 on, as ``Measure.strength`` has it."""
    dose, start, end = setting
    month = np.arange(months + 1)
    full = dose * min(1.0, (end - start) / lever.ramp)
    rising = dose * np.minimum(1.0, (month - start + 1) / lever.ramp)
    falling = full * (1.0 - (month - end) / max(lever.fades, 1))
    in_force = (month >= start) & (month < end)
    after = (month >= end) & (month < end + lever.fades)
    return np.where(in_force, rising, np.where(after, falling, 0.0))


def inputs(
    levers: Sequence[Lever], settings: Sequence[Setting], months: int, first_month: int
) -> np.ndarray:
    """What the networks are told (months + 1, 3 + 5 * levers) of each month from 0 on.

    The page computes the same: ``inputs`` in ``sim/report/explorer.js``.

    Args:
        levers: Measures.
        settings: How each is used.
        months: Last month.
        first_month: Calendar month of month 1.
    """
    month = np.arange(months + 1)
    season = 2 * np.pi * (month + first_month - 1) / 12
    columns = [month / months, np.sin(season), np.cos(season)]
    for lever, setting in zip(levers, settings, strict=True):
        now = strengths(lever, setting, months)
        lately = np.zeros(months + 1)
        for m in range(1, months + 1):
            lately[m] = lately[m - 1] + (now[m] - lately[m - 1]) / MEMORY
        begun = (month >= setting.start) * float(setting.dose > 0)
        since = begun * (month - setting.start + 1) / YEARS
        columns += [now, np.cumsum(now) / YEARS, lately, begun * setting.dose, since]
    return np.array(columns).T


class Network(NamedTuple):
    """Layers of coefficients (inputs, outputs) and constants (outputs,), with ReLU between them.

    ``outputs`` says which of all outputs it gives: those that have gaps have networks of their own.
    """

    outputs: list[int]
    weights: list[np.ndarray]
    constants: list[np.ndarray]

    def __call__(self, told: np.ndarray) -> np.ndarray:
        """Its outputs (..., outputs) of inputs (..., inputs)."""
        last = len(self.weights) - 1
        for place, (weight, constant) in enumerate(zip(self.weights, self.constants, strict=True)):
            told = told @ weight + constant
            if place < last:
                told = np.maximum(told, 0.0)
        return told


Parts = tuple[Network, ...]
"""Networks that together give every output."""


def _together(parts: Parts, told: np.ndarray, width: int) -> np.ndarray:
    made = np.full((*told.shape[:-1], width), np.nan)
    for network in parts:
        made[..., network.outputs] = network(told)
    return made


class Samples(NamedTuple):
    """Runs to learn from, or to be held against.

    Attributes:
        told: Inputs (settings, months, inputs).
        levels: What was read (settings, seeds, months, outputs), NaN where there is no value.
        bare: The same of the compound without measures, under the same seeds (..., months, outputs); empty where
            that was not lived.
        world: Which settings share a seed (settings,).
    """

    told: np.ndarray
    levels: np.ndarray
    bare: np.ndarray
    world: np.ndarray


@dataclass(frozen=True)
class Emulator:
    """Fitted networks.

    Attributes:
        base: Mean level without measures (months, outputs).
        shift, scale: Of the inputs (inputs,).
        size: Of the outputs' changes (outputs,): networks give multiples of it.
        blur: Usual distance of a run from the level without measures (outputs,).
        networks: Each gives the differences; their mean counts.
        spread: Gives how far single runs lie from the line.
        bands: Quantiles of runs (4, outputs) in units of that, see ``BANDS``.
    """

    base: np.ndarray
    shift: np.ndarray
    scale: np.ndarray
    size: np.ndarray
    blur: np.ndarray
    networks: tuple[Parts, ...]
    spread: Parts
    bands: np.ndarray = field(default_factory=lambda: np.empty(0))

    def line(self, told: np.ndarray) -> np.ndarray:
        """Mean of runs (..., months, outputs) at inputs (..., months, inputs)."""
        return self.base + self._change(told)

    def _change(self, told: np.ndarray) -> np.ndarray:
        scaled = (told - self.shift) / self.scale
        width = len(self.size)
        made = np.mean([_together(parts, scaled, width) for parts in self.networks], axis=0)
        return np.where(_begun(told)[..., None], made, 0.0) * self.size

    def unit(self, told: np.ndarray) -> np.ndarray:
        """How far single runs lie from the line, as far as is known (..., months, outputs)."""
        scaled = (told - self.shift) / self.scale
        made = _together(self.spread, scaled, len(self.size))
        return np.maximum(made * self.size, LEAST_SPREAD * self.blur)

    def band(self, told: np.ndarray) -> np.ndarray:
        """Quantiles of single runs (4, ..., months, outputs)."""
        bands = self.bands.reshape(4, *(1,) * (told.ndim - 1), -1)
        return self.line(told) + bands * self.unit(told)


def _begun(told: np.ndarray) -> np.ndarray:
    """Whether any measure has begun (...,): before, there is nothing to change."""
    return np.asarray((told[..., 7::5] > 0).any(axis=-1))


FITS = MEMBERS + 1
"""Networks that are fitted in all, with the one that learns how far runs lie from their line."""


def fit(samples: Samples, seed: int, done: Callable[[int], None] = lambda _: None) -> Emulator:
    """Fit networks to runs; bands are not there yet, see ``calibrated``.

    Args:
        samples: Runs, one seed for each setting.
        seed: Of the networks' first coefficients.
        done: Is told of each of ``FITS``.
    """
    levels, bare = samples.levels[:, 0], samples.bare[:, 0]
    base = known.mean(bare[np.unique(samples.world, return_index=True)[1]], axis=0)
    gaps = np.isnan(levels - bare).any(axis=(0, 1))
    # Where nobody has a value without measures, with what there is: other months, or runs with measures.
    for instead in (known.mean(base, axis=0), known.mean(levels, axis=(0, 1))):
        base = np.where(np.isnan(base), instead, base)
    change = levels - np.where(gaps, base, bare)
    rows = samples.told.reshape(-1, samples.told.shape[-1])
    shift, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    blur, size = (_size(values) for values in (levels - base, change))
    size = np.where(size > 0, size, blur)
    scaled, begun = (samples.told - shift) / scale, _begun(samples.told)
    networks, off = [], np.full_like(change, np.nan)
    for member in range(MEMBERS):
        unseen = samples.world % MEMBERS == member
        parts = _parts(scaled, change / size, begun & ~unseen[:, None], seed + member)
        made = _together(parts, scaled[unseen], len(size)) * size
        off[unseen] = levels[unseen] - base - np.where(begun[unseen][..., None], made, 0.0)
        networks.append(parts)
        done(1)
    spread = _parts(scaled, np.abs(off) / size, np.ones_like(begun), seed + MEMBERS)
    done(1)
    return Emulator(base, shift, scale, size, blur, tuple(networks), spread)


def _size(values: np.ndarray) -> np.ndarray:
    """Usual size (outputs,) of values (runs, months, outputs); 1 of what is always nothing."""
    found = np.sqrt(known.mean(values**2, axis=(0, 1)))
    return np.where(found > 0, found, 1.0)


def _parts(scaled: np.ndarray, wanted: np.ndarray, use: np.ndarray, seed: int) -> Parts:
    """Networks fitted to the months in use that have a value: a gap is not learned as a number."""
    rows, there = scaled[use], wanted[use]
    known_of: dict[bytes, list[int]] = {}
    gaps = np.isnan(there)
    for output in range(there.shape[1]):
        known_of.setdefault(gaps[:, output].tobytes(), []).append(output)
    found = []
    for outputs in known_of.values():
        lived = ~gaps[:, outputs[0]]
        # Of what never has a value there is nothing to learn, and its outputs stay without one.
        if lived.any():
            found.append(_fitted(outputs, rows[lived], there[lived][:, outputs], seed))
    return tuple(found)


def _fitted(outputs: list[int], rows: np.ndarray, wanted: np.ndarray, seed: int) -> Network:
    batch = min(BATCH, len(rows))
    epochs = max(1, round(STEPS * batch / len(rows)))
    from sklearn.neural_network import MLPRegressor

    network = MLPRegressor(
        hidden_layer_sizes=HIDDEN, alpha=DECAY, batch_size=batch, learning_rate_init=STEP,
        max_iter=epochs, n_iter_no_change=epochs, tol=0.0, random_state=seed,
    )  # fmt: skip
    # Half as long as in doubles, and the page has no more digits either.
    rows, wanted = rows.astype(np.float32), wanted.astype(np.float32)
    with warnings.catch_warnings():
        # It is stopped after so many epochs on purpose.
        warnings.simplefilter("ignore")
        with leaving.fitting():
            network.fit(rows, wanted if wanted.shape[1] > 1 else wanted[:, 0])
    return Network(outputs, list(network.coefs_), list(network.intercepts_))


# --- how far it is off --------------------------------------------------------------------------


def calibrated(emulator: Emulator, unseen: Samples) -> Emulator:
    """The same with bands that hold as many runs that it has not seen as they say.

    Quantiles are of all settings and months together: bands hold on average over these, and their width differs
    as the emulator has learned it. Every second setting is left for ``errors`` to count, month by month.
    """
    told, levels = unseen.told[::2], unseen.levels[::2]
    units = (levels - emulator.line(told)[:, None]) / emulator.unit(told)[:, None]
    bands = known.quantiles(units.reshape(-1, units.shape[-1]), BANDS, axis=0)
    return replace(emulator, bands=bands)


def distance(line: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """How far lines (settings, months, outputs) are from the mean of runs (settings, seeds, months, outputs).

    NaN where fewer than half of the runs have a value: a mean of few says little.
    """
    enough = (~np.isnan(levels)).sum(axis=1) >= ENOUGH * levels.shape[1]
    return np.where(enough, np.abs(line - known.mean(levels, axis=1)), np.nan)


def errors(
    emulator: Emulator, unseen: Samples, names: Sequence[str], months: Sequence[int]
) -> pd.DataFrame:
    """How far the line is from the mean of runs that it has not seen, by output and month.

    Args:
        emulator: With bands.
        unseen: Runs, several seeds for each setting.
        names: Of the outputs.
        months: Of the rows.

    Returns:
        A row per output and month: ``mean``, mean distance over settings in which at least half of the
        runs have a value; ``within``, see ``upper``; ``chance``, what of it
        the few seeds of a setting make by themselves (mean of standard errors); ``runs``, standard
        deviation between runs of a setting; ``held_50``, ``held_90``, share of runs in the bands,
        of the settings that the bands were not made of.
    """
    levels = unseen.levels
    off = distance(emulator.line(unseen.told), levels)
    count = (~np.isnan(levels)).sum(axis=1)
    enough = np.where(np.isnan(off), np.nan, 1.0)
    between = np.sqrt(known.mean((levels - known.mean(levels, axis=1)[:, None]) ** 2, axis=1))
    chance = enough * between / np.sqrt(np.maximum(count - 1, 1))
    band, others = emulator.band(unseen.told[1::2])[:, :, None], levels[1::2]
    there = np.where(np.isnan(others), np.nan, 1.0)
    held = [there * ((others >= band[k]) & (others <= band[-1 - k])) for k in (1, 0)]
    figures = {
        "mean": known.mean(off, axis=0),
        "within": upper(off),
        "chance": known.mean(chance, axis=0),
        "runs": known.mean(between, axis=0),
        "held_50": known.mean(held[0], axis=(0, 1)),
        "held_90": known.mean(held[1], axis=(0, 1)),
    }
    return pd.DataFrame(
        [
            {"indicator": name, "month": month, **{k: float(v[m, o]) for k, v in figures.items()}}
            for o, name in enumerate(names)
            for m, month in enumerate(months)
        ]
    )


def upper(off: np.ndarray) -> np.ndarray:
    """A distance that 95% of further settings stay within, with a certainty of 95% (..., of settings, ...).

    It is Wilks' tolerance limit (1941, doi 10.1214/aoms/1177731788): of 100 settings the second largest
    distance. The quantile itself would be too small for further ones in every second case. Of fewer than 59 settings
    it is the largest, with less certainty: 64% of 20.
    """
    counts = (~np.isnan(off)).sum(axis=0)
    each = np.arange(len(off) + 1)
    ranks = np.minimum(np.asarray(binom.ppf(CERTAIN, each, HELD)).astype(int) + 1, each)
    places = np.maximum(ranks[counts] - 1, 0)
    return np.take_along_axis(np.sort(off, axis=0), places[None], axis=0)[0]


# --- as a table ---------------------------------------------------------------------------------


def as_table(emulator: Emulator) -> pd.DataFrame:
    """All coefficients: a row each with ``part``, ``place`` in it, ``value``; shapes are in the names."""
    frames = []
    for part, values in arrays(emulator):
        shape = "x".join(str(n) for n in values.shape)
        columns = {"part": f"{part}:{shape}", "place": np.arange(values.size, dtype=np.int32)}
        frames.append(pd.DataFrame({**columns, "value": values.ravel().astype(float)}))
    return pd.concat(frames, ignore_index=True)


def arrays(emulator: Emulator) -> Iterator[tuple[str, np.ndarray]]:
    """All coefficients by name: of the whole, then of every layer of every network."""
    for name in ("base", "shift", "scale", "size", "blur", "bands"):
        yield name, getattr(emulator, name)
    for name, parts in _named_parts(emulator):
        for k, network in enumerate(parts):
            yield f"{name}.{k}.outputs", np.array(network.outputs, dtype=float)
            for layer, (weight, constant) in enumerate(
                zip(network.weights, network.constants, strict=True)
            ):
                yield f"{name}.{k}.{layer}.weight", weight
                yield f"{name}.{k}.{layer}.constant", constant


def _named_parts(emulator: Emulator) -> Iterator[tuple[str, Parts]]:
    yield "spread", emulator.spread
    for member, parts in enumerate(emulator.networks):
        yield f"network{member}", parts


def of_table(table: pd.DataFrame) -> Emulator:
    """The emulator of a table that ``as_table`` made."""
    found: dict[str, np.ndarray] = {}
    for named, part in table.groupby("part", sort=False):
        name, _, shape = str(named).partition(":")
        found[name] = part["value"].to_numpy().reshape([int(n) for n in shape.split("x")])
    parts: dict[str, list[Network]] = {}
    for name in found:
        if name.endswith(".outputs"):
            stem = name.removesuffix(".outputs")
            layers = range(sum(key.startswith(stem + ".") for key in found) // 2)
            network = Network(
                [int(place) for place in found[name]],
                [found[f"{stem}.{layer}.weight"] for layer in layers],
                [found[f"{stem}.{layer}.constant"] for layer in layers],
            )
            parts.setdefault(stem.rpartition(".")[0], []).append(network)
    spread = tuple(parts.pop("spread", []))
    own = {name: found[name] for name in ("base", "shift", "scale", "size", "blur", "bands")}
    return Emulator(networks=tuple(map(tuple, parts.values())), spread=spread, **own)
