"""What a sweep asks: which keys take which values, laid out as a table of points.

A point is one configuration but for its seeds. Keys that choose files (scenario, policy, network,
...) make the bases, which Hydra composes once each; all other keys are set on a base by the
process that lives the run, as composing costs more than living.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa

from sim import compose, files
from sim.compose import Interval, Levels, Setting, full_key
from sim.config import Config, Experiment, change, check
from sim.errors import InputError
from sim.explain import show
from sim.inputs import look_at, say, say_read
from sim.measures.catalogue import CATALOGUE
from sim.objects import bare, plain
from sim.schema import PATH, Parameters
from sim.society.reading import Note, Notes
from sim.society.tables import read_table

MOST_POINTS = 5_000_000

CHUNK_RUNS, CHUNK_WORK = 500, 60_000_000
"""Most runs in a file, fewer if they would live more household-months than this."""

_NOT_VARIED = ("replications", "executor", "experiment")
TYPES = {"whole": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}
_CHECKED_LEVELS = 200


@dataclass(frozen=True)
class Base:
    """A configuration on which the points set their keys.

    Attributes:
        tree: Every value, as ``Config.resolved`` gives it.
        fingerprint: Of that configuration.
        keys: Key of the schema that each column sets here; None where the policy has no measures,
            so that a key of a measure means nothing.
    """

    tree: dict[str, Any]
    fingerprint: str
    keys: dict[str, str | None]


@dataclass(frozen=True)
class Design:
    """A sweep laid out.

    Attributes:
        name: For folder and messages.
        experiment: How points were laid, and how results are kept.
        bases: Configurations.
        types: What each varied key holds: "whole", "number", "truth", "text", "choice" (chooses a
            file) or "json".
        points: A row per point: ``base`` and a column per varied key.
        replications: Runs of each point, under seeds that follow one another.
        chunk: Runs kept in one file.
        said: How it was asked, None if it was put together in Python.
    """

    said: ClassVar[Any] = None
    name: str
    experiment: Experiment
    bases: tuple[Base, ...]
    types: dict[str, str]
    points: pa.Table
    replications: int
    chunk: int
    executor: Any = field(repr=False, default=None)

    @cached_property
    def configs(self) -> list[Config]:
        """Configuration of each base."""
        return [check(base.tree) for base in self.bases]

    @cached_property
    def files(self) -> list[str]:
        """Paths of all files that runs read: those of the bases, and those that vary."""
        names = _file_keys()
        varied = {
            path
            for key in self.types
            if self.types[key] in ("text", "json")
            for value in self.points[key].unique().to_pylist()
            if value is not None
            for path in _paths(
                key, json.loads(value) if self.types[key] == "json" else value, names
            )
        }
        fixed = {path for config in self.configs for _, path in config.named_files()}
        return sorted(fixed | varied)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return self.points.num_rows * self.replications

    @cached_property
    def chunks(self) -> list[range]:
        """Runs of each file."""
        return [
            range(first, min(first + self.chunk, self.runs))
            for first in range(0, self.runs, self.chunk)
        ]

    def settings(self, points: Sequence[int]) -> list[tuple[int, dict[str, Any]]]:
        """Base and keys to set on it, for some points."""
        found = []
        for row in self.points.take(pa.array(points, pa.int64())).to_pylist():
            keys = self.bases[row["base"]].keys
            given = {
                key: json.loads(row[name]) if self.types[name] == "json" else row[name]
                for name, key in keys.items()
                if key is not None
            }
            found.append((row["base"], given))
        return found

    @cached_property
    def pasts(self) -> np.ndarray:
        """Number of each point's past (points,): points that differ in their policy only share one."""
        bare = [{k: v for k, v in base.tree.items() if k != "policy"} for base in self.bases]
        of_base = np.array([bare.index(tree) for tree in bare])
        own = pd.DataFrame({"base": of_base[self.points["base"].to_numpy()]})
        for key, kind in self.types.items():
            # What chooses a file is in the bases already.
            if kind != "choice" and not _of_policy(key):
                own[key] = self.points[key].to_pandas()
        return own.groupby(list(own), sort=False, dropna=False).ngroup().to_numpy()

    def fixed(self, base: int, key: str) -> Any:
        """Value on a base of a key that this design does not vary, None where it means nothing."""
        tree = self.bases[base].tree
        at = target(key, check(tree))
        value = None if at is None else _at(tree, at)
        return value.get("name") if isinstance(value, dict) else value

    def described(self) -> dict[str, Any]:
        """All of it but the table of points, as plain JSON types."""
        return {
            "name": self.name,
            "design": self.experiment.design,
            "keep_months": self.experiment.keep_months,
            "types": self.types,
            "points": self.points.num_rows,
            "replications": self.replications,
            "runs": self.runs,
            "chunk": self.chunk,
            "points_sha256": self._digest,
            "read": {path: files.content_hash(path) for path in self.files},
            "bases": [
                {"fingerprint": b.fingerprint, "keys": b.keys, "configuration": b.tree}
                for b in self.bases
            ],
        }

    def told(self) -> dict[str, Any]:
        """All of it with what the experiment says, for ``--cfg``."""
        return self.described() | {"experiment": self.experiment.model_dump()}

    @cached_property
    def _digest(self) -> str:
        return _digest(self.points)

    def fingerprint(self) -> str:
        """Short hash of all that can change what is kept."""
        told = self.described()
        del told["name"], told["design"]
        # By what they hold, in the order of their names: a folder may have moved.
        told["read"] = list(told["read"].values())
        told["bases"] = [{k: b[k] for k in ("fingerprint", "keys")} for b in told["bases"]]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def listed_points(points: Any) -> list[dict[str, Any]]:
    """Points of a user's own as plain rows, from a frame or a dict each.

    Raises:
        InputError: They are neither.
    """
    rows = points.to_dict("records") if isinstance(points, pd.DataFrame) else points
    if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
        allowed = "a frame, or a list of a {key: value, ...} for each point"
        raise InputError("points", f"{show(rows)} is not allowed", allowed)
    return [{str(k): bare(v) for k, v in row.items()} for row in rows]


def read_factor(key: str, value: Any, config_dir: Path | None = None) -> Setting:
    """A key and what it takes, from a file or from Python.

    Args:
        key: Key of the configuration.
        value: A list or range of values, text in Hydra's sweep grammar, ``{low, high}``, or one
            value.
        config_dir: Folder with groups of the user's own.
    """
    key = full_key(key)
    if isinstance(value, str):
        return compose.parse_sweep(f"{key}={value}", config_dir)
    if isinstance(value, dict) and value.keys() == {"low", "high"}:
        return key, Interval(*(_finite(key, value[end]) for end in ("low", "high")))
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        value = value.tolist()
    if isinstance(value, list | tuple | range):
        return key, Levels(tuple(plain(key, item) for item in value))
    return key, value if isinstance(value, Levels | Interval) else plain(key, value)


def _finite(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(key, f"{show(value)} is no bound", "{low: number, high: number}")
    return float(value)


def lay_out(given: Sequence[Setting], config_dir: Path | None = None) -> Design:
    """Lay out a sweep.

    Args:
        given: Keys with a value, ``Levels`` or an ``Interval`` each, in their order; later wins.
            ``experiment`` names a file whose factors stand below them.
        config_dir: Folder with groups of the user's own.

    Returns:
        The design, whose telling points have been checked.

    Raises:
        InputError: A key or value that is not allowed, or a design that does not fit together.
    """
    given = [(full_key(key), value) for key, value in given]
    about = [item for item in given if item[0].split(".")[0] == "experiment"]
    experiment = _experiment(about, config_dir)
    asked = dict(read_factor(k, v, config_dir) for k, v in experiment.factors.items())
    asked |= {key: value for key, value in given if (key, value) not in about}
    block = _block(experiment, asked)
    asked = {key: value for key, value in asked.items() if not isinstance(value, Interval)}
    levels = {key: value.values for key, value in asked.items() if isinstance(value, Levels)}
    fixed = {key: value for key, value in asked.items() if key not in levels}
    _check_keys(levels, fixed, block)
    _say_twice(levels, block)
    columns, codes = _cross(levels, block)
    builder = _Builder(columns, codes, list(fixed.items()), config_dir)
    return builder.design(experiment)


def _experiment(about: list[Setting], config_dir: Path | None) -> Experiment:
    for key, value in about:
        if isinstance(value, Levels | Interval):
            raise InputError(key, "does not vary in a sweep", "one value")
    return compose.load_settings(about, config_dir, look=True)[0].experiment


def _check_keys(levels: dict[str, Any], fixed: dict[str, Any], block: dict[str, list[Any]]) -> None:
    for key in (*levels, *block):
        if key.split(".")[0] in _NOT_VARIED:
            raise InputError(key, "does not vary in a sweep", "one value")
        if key in block and (key in levels or key in fixed):
            raise InputError(key, "is also a key of the points", "one of the two")
    if not levels and not block:
        allowed = "key=1,2,3 or key=range(0,10,2) for at least one key (one run: xiaoqu run)"
        raise InputError("sweep", "no key takes several values", allowed)


def _say_twice(levels: Mapping[str, Sequence[Any]], block: Mapping[str, list[Any]]) -> None:
    for key, values in levels.items():
        if again := len(values) - len(set(map(repr, values))):
            say(f"sweep: {key} takes {again} of its values twice; each is lived once")
    rows = list(zip(*block.values(), strict=True))
    if again := len(rows) - len(set(map(repr, rows))):
        say(f"sweep: {again} of {len(rows)} points are given twice; each is lived once")


# --- points listed or sampled -------------------------------------------------------------------


def _block(experiment: Experiment, asked: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Columns of the points that are not combinations of levels."""
    intervals = {key: value for key, value in asked.items() if isinstance(value, Interval)}
    sampled = experiment.design in ("lhs", "sobol")
    if intervals and not sampled:
        key = next(iter(intervals))
        allowed = "experiment.design=lhs or sobol, or values: 1,2,3 or range(0,10,2)"
        raise InputError(key, "an interval is sampled, which this design does not", allowed)
    if sampled:
        return _sample(experiment, intervals)
    if experiment.design == "list":
        return _columns(experiment.points, "experiment.points")
    if experiment.design == "csv":
        return _read_csv(Path(experiment.file))
    return {}


def _sample(experiment: Experiment, intervals: dict[str, Interval]) -> dict[str, list[Any]]:
    from scipy.stats import qmc

    if not intervals:
        allowed = "key=interval(low,high), or {low: ..., high: ...} in a file"
        raise InputError("experiment.design", "no key has an interval to sample", allowed)
    count, rng = experiment.samples, np.random.default_rng(experiment.sampling_seed)
    for key, bounds in intervals.items():
        if bounds.low > bounds.high:
            raise InputError(key, f"low {bounds.low} is above high {bounds.high}", "low <= high")
    if experiment.design == "sobol":
        if count & (count - 1):
            near = 2 ** int(math.log2(count))
            problem = f"{count} points of a Sobol sequence are not balanced"
            raise InputError("experiment.samples", problem, f"a power of two: {near}, {2 * near}")
        unit = qmc.Sobol(len(intervals), rng=rng).random(count)
    else:
        unit = qmc.LatinHypercube(len(intervals), rng=rng).random(count)
    return {
        key: _Sampled(unit[:, place], bounds)
        for place, (key, bounds) in enumerate(intervals.items())
    }


class _Sampled(list[Any]):
    """A sampled column, whose values wait until it is known whether the key counts or measures."""

    def __init__(self, unit: np.ndarray, bounds: Interval) -> None:
        super().__init__(range(len(unit)))
        self.unit, self.bounds = unit, bounds

    def values(self, whole: bool) -> np.ndarray:
        low, high = self.bounds.low, self.bounds.high
        if not whole:
            return np.clip(low + self.unit * (high - low), low, high)
        first, last = math.ceil(low), math.floor(high)
        return np.minimum(first + np.floor(self.unit * (last - first + 1)), last).astype(np.int64)


def _columns(points: Sequence[Mapping[str, Any]], where: str) -> dict[str, list[Any]]:
    if not points:
        raise InputError(where, "holds no point", "one {key: value, ...} per point")
    names = list(points[0])
    for number, point in enumerate(points):
        if list(point) != names:
            problem = f"point {number} has the keys {show(list(point))}"
            raise InputError(where, problem, f"those of the first: {', '.join(names)}")
    return {full_key(name): [plain(name, point[name]) for point in points] for name in names}


def _read_csv(path: Path) -> dict[str, list[Any]]:
    aside: Notes = []
    frame = read_table(str(path), aside)
    if frame.empty:
        raise InputError(str(path), "holds no point", "a column per key, named in row 1, and rows")
    columns = {full_key(str(name)): _cells(path, str(name), frame[name]) for name in frame}
    points = Note("points", {"n": len(frame), "names": list(columns)})
    say_read(str(path), [points, *aside])
    return columns


def _cells(path: Path, name: str, cells: pd.Series) -> list[Any]:
    values = []
    for row, cell in cells.fillna("").items():
        where = f"{path}: row {row}: {name}"
        if not cell.strip():
            allowed = "a value (that of a measure is ignored where the policy has no measures)"
            raise InputError(where, "is empty", allowed)
        try:
            values.append(compose.parse(f"{name}={cell}")[1])
        except InputError as error:
            raise InputError(where, error.problem, error.allowed) from None
    # Programs write the whole numbers of a column as 12.0.
    written = [cell.strip() for cell in cells.fillna("")]
    if all(re.fullmatch(r"-?\d+\.0+", cell) for cell in written):
        return [int(value) for value in values]
    return values


# --- table --------------------------------------------------------------------------------------


def _cross(
    levels: Mapping[str, Sequence[Any]], block: Mapping[str, list[Any]]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Every combination of levels, each with the whole block: values, and places in them."""
    for key, values in levels.items():
        if not values:
            raise InputError(key, "takes no value", "at least one")
    sizes = [len(values) for values in levels.values()]
    if block:
        sizes.append(len(next(iter(block.values()))))
    if math.prod(sizes) > MOST_POINTS:
        raise InputError("sweep", f"{math.prod(sizes)} points", f"up to {MOST_POINTS}")
    places = np.unravel_index(np.arange(math.prod(sizes)), sizes)
    codes = dict(zip(levels, places, strict=False)) | dict.fromkeys(block, places[-1])
    return {**{key: list(values) for key, values in levels.items()}, **block}, codes


class _Builder:
    """Brings values, bases and fixed settings together."""

    def __init__(
        self,
        columns: dict[str, Any],
        codes: dict[str, np.ndarray],
        fixed: list[Setting],
        config_dir: Path | None,
    ) -> None:
        self.codes, self.config_dir = codes, config_dir
        self.choosing = [
            key
            for key, values in columns.items()
            if all(compose.is_choice(key, value, config_dir) for value in values)
        ]
        self.columns = {
            key: [_label(v) for v in values] if key in self.choosing else values
            for key, values in columns.items()
        }
        self.chosen = {
            key: dict(zip(self.columns[key], columns[key], strict=True)) for key in self.choosing
        }
        # Set on each base by itself: a base may lack the measure.
        several = "policy" in self.choosing
        self.late = [
            (k, v) for k, v in fixed
            if _of_measure(k) and (several or k.startswith("measure."))
        ]  # fmt: skip
        self.fixed = [item for item in fixed if item not in self.late]

    def design(self, experiment: Experiment) -> Design:
        which, combinations = self._combinations()
        bases, first = [], None
        for combination in combinations:
            config, references = self._load(combination)
            first = first or config
            self._check_references(references)
            bases.append(self._base(config))
        assert first is not None
        self._check_reached(bases)
        for key, values in self.columns.items():
            if isinstance(values, _Sampled):
                self.columns[key] = values.values(self._whole(key, bases, values.bounds)).tolist()
        types = {key: self._type(key) for key in self.columns}
        points = self._points(which, bases, types)
        _check_seeds_apart(points, first.replications)
        design = Design(
            name=experiment.name or first.scenario.name,
            experiment=experiment,
            bases=tuple(bases),
            types=types,
            points=points,
            replications=first.replications,
            chunk=experiment.chunk or _chunk(first),
            executor=first.executor,
        )
        check_telling(design)
        return design

    def _combinations(self) -> tuple[np.ndarray, list[dict[str, Any]]]:
        count = len(next(iter(self.codes.values())))
        if not self.choosing:
            return np.zeros(count, np.int64), [{}]
        frame = pd.DataFrame(
            {
                k: pd.Series(self.columns[k], dtype=object).to_numpy()[self.codes[k]]
                for k in self.choosing
            }
        )
        which = frame.groupby(self.choosing, sort=False).ngroup()
        rows = frame.drop_duplicates().to_dict("records")
        return which.to_numpy(np.int64), [
            {str(k): self.chosen[str(k)][v] for k, v in row.items()} for row in rows
        ]

    def _load(self, combination: dict[str, Any]) -> tuple[Config, frozenset[str]]:
        given = [*combination.items(), *self.fixed]
        config, references = compose.load_settings(given, self.config_dir)
        late = {target(key, config): value for key, value in self.late}
        if changed := {key: value for key, value in late.items() if key is not None}:
            config = change(config.resolved(), changed)
        return config, references

    def _base(self, config: Config) -> Base:
        setting = [key for key in self.columns if key not in self.choosing]
        tree = config.resolved()
        # Neither says anything about a run.
        del tree["executor"], tree["experiment"]
        return Base(tree, config.fingerprint(), {key: target(key, config) for key in setting})

    def _check_references(self, references: frozenset[str]) -> None:
        for key in self.columns:
            for other in references:
                if f"{other}.".startswith(f"{key}.") or f"{key}.".startswith(f"{other}."):
                    problem = f"another key refers to it as ${{{other}}}, and would not follow"
                    raise InputError(key, problem, "a key to which no other refers")

    def _check_reached(self, bases: list[Base]) -> None:
        for key in bases[0].keys:
            if all(base.keys[key] is None for base in bases):
                problem = "no policy of the sweep has a measure"
                raise InputError(
                    key, problem, "policy=NAME of a measure or bundle that has the key"
                )

    def _whole(self, key: str, bases: list[Base], bounds: Interval) -> bool:
        base = next(base for base in bases if base.keys[key] is not None)
        value = _at(base.tree, str(base.keys[key]))
        if value is None:
            return bounds.low.is_integer() and bounds.high.is_integer()
        return isinstance(value, int) and not isinstance(value, bool)

    def _type(self, key: str) -> str:
        if key in self.choosing:
            return "choice"
        kinds = {type(value) for value in self.columns[key]}
        if kinds <= {int}:
            return "whole"
        if kinds <= {int, float}:
            return "number"
        return {frozenset({bool}): "truth", frozenset({str}): "text"}.get(frozenset(kinds), "json")

    def _points(self, which: np.ndarray, bases: list[Base], types: dict[str, str]) -> pa.Table:
        arrays: dict[str, pa.Array] = {"base": pa.array(which, pa.int32())}
        for key, values in self.columns.items():
            kind = types[key]
            if kind == "json":
                values = [json.dumps(value, sort_keys=True, ensure_ascii=False) for value in values]
            if kind in ("whole", "number"):
                _check_size(key, values)
            if kind == "number":
                values = [float(value) for value in values]
            known = pa.array(values, TYPES.get(kind, pa.string()))
            # A key that means nothing on a base is missing there, and alike points become one.
            meant = np.array([base.keys.get(key, "") is not None for base in bases])[which]
            arrays[key] = known.take(pa.array(self.codes[key], mask=~meant))
        table = pa.table(arrays)
        kept = ~table.to_pandas().duplicated().to_numpy()
        return table.filter(pa.array(kept)).combine_chunks()


def _check_size(key: str, values: Sequence[Any]) -> None:
    for value in values:
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InputError(key, f"{show(value)} is too large", "whole numbers below 2**63")


def _of_policy(key: str) -> bool:
    return key == "policy" or key.startswith(("policy.", "measure."))


def _of_measure(key: str) -> bool:
    return key.startswith(("policy.measures.", "measure."))


def target(key: str, config: Config) -> str | None:
    """Key of the schema that a column of a sweep sets on a configuration.

    Args:
        key: A key of the schema, or ``measure.KEY`` for that of the one measure that has it.
        config: The configuration.

    Returns:
        The key, None if it is one of a measure and the policy has no measures at all.

    Raises:
        InputError: The policy has measures, but not this one, or several that have the key.
    """
    if not _of_measure(key):
        return key
    entries = {entry.label: entry for entry in config.policy.entries()}
    if not entries:
        return None
    if key.startswith("policy.measures."):
        label = key.split(".")[2]
        if label in entries:
            return key
        problem = f"policy {config.policy.name} has no measure {label}"
        raise InputError(key, problem, ", ".join(entries))
    name = key.removeprefix("measure.")
    having = [
        label for label, entry in entries.items() if name in type(entry.parameters).model_fields
    ]
    if len(having) == 1:
        return f"policy.measures.{having[0]}.{name}"
    problem = f"{len(having) or 'no'} measures of policy {config.policy.name} have the key {name}"
    allowed = ", ".join(f"measure.{label}.{name}" for label in having) or ", ".join(entries)
    raise InputError(key, problem, allowed)


def _label(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(str(item) for item in value)
    return "null" if value is None else str(value)


def _file_keys() -> set[str]:
    """Last parts of all keys that name a file."""
    groups: list[type[Parameters]] = [
        Config,
        *(measure.Parameters for measure in CATALOGUE.values()),
    ]
    return {
        row.key.split(".")[-1] for group in groups for row in group.describe() if row.unit == PATH
    }


def _paths(key: str, value: Any, names: set[str]) -> Iterator[str]:
    """Paths in a value that a key takes, or in a tree of keys below it."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _paths(name, below, names)
    elif isinstance(value, str) and value and key.split(".")[-1] in names:
        yield value


def _at(tree: Mapping[str, Any], key: str) -> Any:
    value: Any = tree
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _chunk(config: Config) -> int:
    months = config.months + config.scenario.history_months
    work = config.population.households * config.district.compounds * months
    most = max(1, min(CHUNK_RUNS, CHUNK_WORK // work))
    # Whole points in a file, or whole files to a point: runs that share a past then lie side by side.
    n = config.replications
    if n <= most:
        return most // n * n
    return next((size for size in range(most, most // 2, -1) if n % size == 0), most)


def _digest(table: pa.Table) -> str:
    whole = hashlib.sha256()
    for name in table.column_names:
        whole.update(json.dumps([name, table[name].to_pylist()], ensure_ascii=False).encode())
    return whole.hexdigest()


# --- checks -------------------------------------------------------------------------------------


def check_telling(design: Design) -> None:
    """Check the points in which some value stands first, so that no bad value waits for hours.

    Raises:
        InputError: For the first value that is not allowed.
    """
    from sim.experiments.run import check_seeds

    seen: set[Any] = set()
    for number in range(len(design.bases)):
        _check_starts(design, number)
    for row in _telling(design.points):
        ((base, settings),) = design.settings([row])
        config = change(design.bases[base].tree, settings)
        check_seeds(config, design.replications)
        look_at(config, seen)


def _check_seeds_apart(points: pa.Table, replications: int) -> None:
    """Points that differ by their seed only must not live a seed twice: copies are no replications.

    Raises:
        InputError: Seeds of such points overlap.
    """
    if "seed" not in points.column_names or points["seed"].type != TYPES["whole"]:
        return
    frame = points.to_pandas().sort_values("seed", kind="stable")
    others = [name for name in frame if name != "seed"]
    seeds = frame.groupby(others, sort=False, dropna=False)["seed"]
    near = (seeds.diff() < replications).to_numpy()
    if near.any():
        seed = int(frame["seed"].to_numpy()[near][0])
        before = int(seeds.shift().to_numpy()[near][0])
        last = before + replications - 1
        problem = (
            f"{seed} is among the {replications} replications from {before} ({before} to {last})"
        )
        allowed = f"replications=1, seeds {replications} apart, or one seed and more replications"
        raise InputError("seed", problem, allowed)


def _check_starts(design: Design, number: int) -> None:
    """Points of a base in which no measure starts within the months lived say nothing of the policy.

    Raises:
        InputError: For the first of them.
    """
    base = design.bases[number]
    measures = base.tree["policy"]["measures"]
    own = design.points.filter(pa.array(design.points["base"].to_numpy() == number))
    columns = {key: own[name].to_numpy(zero_copy_only=False) for name, key in base.keys.items()}
    months = columns.get("months", base.tree["months"])
    starts = [
        columns.get(f"policy.measures.{label}.start", measure["start"])
        for label, measure in measures.items()
    ]
    if any(np.asarray(one).dtype.kind not in "iuf" for one in (months, *starts)):
        return  # a word where a number belongs is refused as the value it is
    late = [start > months for start in starts]
    never = np.broadcast_to(np.logical_and.reduce(late) if late else False, own.num_rows)
    if never.any():
        point = own.slice(int(np.flatnonzero(never)[0]), 1).drop_columns("base").to_pylist()[0]
        problem = (
            f"no measure of policy {base.tree['policy']['name']} starts within the months lived"
        )
        raise InputError(f"point {show(point)}", problem, "earlier starts, or more months")


def _telling(points: pa.Table) -> Iterator[int]:
    rows: set[int] = {0}
    for column in points.columns:
        values = column.to_pandas()
        first = values.drop_duplicates()
        if len(first) > _CHECKED_LEVELS and values.dtype.kind in "if":
            first = values.iloc[[values.argmin(), values.argmax()]]
        rows |= set(first.index[:_CHECKED_LEVELS].tolist())
    yield from sorted(rows)
