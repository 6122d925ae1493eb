"""What is said before anything is lived: files read, own files in place of ours, measures too late.

The doors (commands, ``load``, ``sweep`` ...) come by here; worker processes do not, so that a line
is said once. Everything goes to standard error, where it stands in nobody's way.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from sim.config import Config
from sim.errors import InputError
from sim.explain import input_error
from sim.society.district import lay_out
from sim.society.reading import Notes, sentences, some
from sim.streams import Streams

if TYPE_CHECKING:
    from sim.config import Entry
    from sim.society.population import PopulationParameters

_said: set[str] = set()


def say(line: str) -> None:
    """Print a line on standard error, once in a process."""
    if line not in _said:
        _said.add(line)
        print(line, file=sys.stderr)


def say_read(path: str, notes: Notes) -> None:
    """Say what was read from a file, in a line or two."""
    for line in sentences(notes):
        say(f"read {path}: {line}")


def look_at(config: Config, seen: set[Hashable] | None = None) -> None:
    """Read a configuration's files once and say what is in them; refuse what can have no effect.

    Args:
        config: What is to be lived.
        seen: What was read for others already, and need not be read again; is added to.

    Raises:
        InputError: A file of households, ties or parameter sets that cannot be used, or a measure that is in
            force in no month lived or in no kind of compound.
    """
    _check_measures(config)
    _check_sets(config)
    _read_files(config, set() if seen is None else seen)


# --- files ----------------------------------------------------------------------------------------

_MOST_SITES = 2_000
"""Compounds laid out at most to learn how many units a run has on average."""


def units(config: Config) -> int:
    """Units of all compounds of a run: those of its files, and of drawn sizes the mean over its first seeds.

    Raises:
        InputError: A file of households that cannot be used.
    """
    p, drawn = config.district, config.district.size_spread > 0.0
    seeds = min(config.replications, max(_MOST_SITES // p.compounds, 1)) if drawn else 1
    sizes, found = dict[str, int](), 0
    for seed in range(config.seed, config.seed + seeds):
        for site in lay_out(p, config.kinds(), Streams(seed)):
            group = cast("PopulationParameters", site.groups["population"])
            found += _size(group, sizes)
    return round(found / seeds)


def _size(group: PopulationParameters, sizes: dict[str, int]) -> int:
    """Units of one compound; a file's, once it is read, are in ``sizes``."""
    path = group.household_file
    if path and path not in sizes:
        from sim.society.imports import read_households

        sizes[path] = len(read_households(path)["floor"])
    return sizes[path] if path else group.households


def _read_files(config: Config, seen: set[Hashable]) -> None:
    groups = [cast("PopulationParameters", kind["population"]) for kind in config.kinds().values()]
    if not config.network.file and not any(group.household_file for group in groups):
        return
    asked = (
        config.seed, config.network.file, config.district.model_dump_json(),
        *((group.household_file, group.households) for group in groups),
    )  # fmt: skip
    if asked in seen:
        return
    seen.add(asked)
    # These bring pandas, which most configurations do not need.
    from sim.society.edges import read_edges
    from sim.society.imports import read_households
    from sim.society.population import rooms_of

    sizes: dict[str, int] = {}
    own = dict.fromkeys(group.household_file for group in groups if group.household_file)
    if own and config.district.size_spread:
        say("district.size_spread: no effect on compounds whose households are a file's")
    for path in own:
        notes: Notes = []
        sizes[path] = len(read_households(path, notes)["floor"])
        say_read(path, notes)
    if config.network.file:
        notes = []
        sites = lay_out(config.district, config.kinds(), Streams(config.seed))
        populations = [cast("PopulationParameters", site.groups["population"]) for site in sites]
        # Where compounds differ by chance, those of other runs have other numbers of households.
        count = sum(_size(p, sizes) for p in populations)
        rooms = partial(rooms_of, [p.household_file for p in populations])
        read_edges(config.network.file, count, notes, rooms)
        say_read(config.network.file, notes)


def _check_sets(config: Config) -> None:
    """Refuse sets of one's own that a run could not live as they stand: it would be led back from them unseen."""
    if not config.draws_file:
        return
    for key, values in zip(config.sets.keys, config.sets.draws.T, strict=True):
        group, _, name = key.partition(".")
        stands = getattr(getattr(config, group, None), name, None)
        if not isinstance(stands, float):
            problem = f"column {key} is no parameter that is a number with a point"
            raise InputError(config.draws_file, problem, "keys as xiaoqu explain has them")
        for value in (float(values.min()), float(values.max())):
            try:
                type(getattr(config, group)).model_validate({name: value})
            except ValidationError as error:
                found = input_error(error, type(getattr(config, group)), group)
                raise InputError(
                    f"{config.draws_file}: {key}", found.problem, found.allowed
                ) from None


# --- measures that never act ----------------------------------------------------------------------


def _check_measures(config: Config) -> None:
    policy, history = config.policy.entries(), config.scenario.entries()
    late = [entry for entry in policy if entry.parameters.start > config.months]
    if late and len(late) == len(policy):
        first = late[0]
        problem = (
            f"{first.parameters.start} is after the last month lived: the policy has no effect"
        )
        allowed = f"up to {config.months}, or more months"
        raise InputError(f"policy.measures.{first.label}.start", problem, allowed)
    for where, entries in (("policy.measures", policy), ("scenario.history", history)):
        for entry in entries:
            _check_kinds(f"{where}.{entry.label}.kinds", entry, config)
    _say_not_lived(f"policy {config.policy.name}", policy, config)
    _say_not_lived(f"scenario {config.scenario.name}", history, config)


def _check_kinds(where: str, entry: Entry, config: Config) -> None:
    for name in entry.parameters.kinds:
        if name not in config.district.kinds:
            known = ", ".join(config.district.kinds) or "none, as all compounds here are alike"
            raise InputError(where, f"no kind of compound is named {name!r}", known)


def _say_not_lived(whose: str, entries: list[Entry], config: Config) -> None:
    """A short run of a bundle that comes in step by step is a wish, and so is a short history."""
    first, last = 1 - config.scenario.history_months, config.months
    # A measure may have been in force for long, but an event strikes in its first month only.
    missed = [
        f"{entry.label} (month {entry.parameters.start})"
        for entry in entries
        if entry.parameters.start > last
        or (entry.measure.kind == "event" and entry.parameters.start < first)
    ]
    if missed:
        lived = f"months {first} to {last} are lived"
        say(f"{whose}: no effect of {some(missed, 'en')}, as {lived}")
