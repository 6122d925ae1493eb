"""A kept answer lived again, to see whether it comes out the same to the byte, or what differs.

What was asked is read from the folder itself, the runs go to a temporary folder, and every table is then
compared with the kept one. Nothing in the folder is changed.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.compose import Interval
from sim.config import Config, Executor, Experiment, check
from sim.errors import InputError
from sim.experiments import chunks, store
from sim.experiments import precision as precisions
from sim.experiments import run as runs_of
from sim.experiments.compare import Question, kept_trees
from sim.experiments.design import Base, Design
from sim.experiments.provenance import OWN_MODEL, foreign_measures, provenance
from sim.experiments.sweep import run_design
from sim.files import content_hash
from sim.phrases import phrases
from sim.science.factors import WHOLE

Model = Callable[..., Any] | None
Tree = dict[str, Any]

MADE = ("xiaoqu", "source", "model", "versions", "own_parts", "own_code", "own_indicators", "ensemble",
    "read",
)  # fmt: skip
"""Parts of a manifest that say what the numbers were made of."""

KEYS = (
    "run", "point", "scenario", "policy", "seed", "month", "compound", "household", "actor", "measure",
)  # fmt: skip
"""Columns by which a row is named, those of them that its table has."""

_WITHIN = re.compile(r"(\w+/)?[\w-]+\.parquet")
"""Names of tables: a folder that somebody else made must not lead out of itself."""

SHOWN = 4
"""Most differing files that are told one by one."""

_WORDS = phrases("rerun")


@dataclass(frozen=True)
class Difference:
    """Something that is otherwise.

    Attributes:
        word: What kind of thing, a key of the words below ``sim.again``.
        told: File, key and values, as far as the kind has them.
        edited: Whether the kept file is not the one that was written.
    """

    word: str
    told: Tree
    edited: bool = False

    def text(self, lang: str = "en") -> str:
        """In words, "en" or "zh"."""
        words = _WORDS[lang]
        said = words[self.word].format(**self.told)
        return words["edited"].format(told=said) if self.edited else said


@dataclass(frozen=True)
class Rerun:
    """What came of living a kept answer again.

    Attributes:
        folder: The kept answer.
        files: How many files were compared, 0 if nothing was lived.
        differs: What is otherwise, in files and settings; none if every byte is the same.
        made: Versions, source, own code and files read that are not what they were then.
        seconds: How long it took.
    """

    folder: Path
    files: int
    differs: tuple[Difference, ...]
    made: tuple[Difference, ...]
    seconds: float

    @property
    def same(self) -> bool:
        """Whether every byte of every file is the same."""
        return not self.differs

    def line(self, lang: str = "en") -> str:
        """All of it in one line, in "en" or "zh"."""
        words = _WORDS[lang]
        if self.same:
            return words["same"].format(files=self.files, seconds=self.seconds)
        noted = [one for one in self.differs if one.word == "notes" and not one.edited]
        others = [one for one in self.differs if one not in noted]
        told = [one.text(lang) for one in others[:SHOWN]]
        if len(others) > SHOWN:
            told.append(words["further"].format(count=len(others) - SHOWN))
        if noted:
            told.append(words["noted"].format(count=len(noted)))
        if self.made:
            made = ", ".join(one.text(lang) for one in self.made)
            told.append(words["made"].format(all=made))
        return words["differs"].format(all={"en": "; ", "zh": "；"}[lang].join(told))


def rerun(folder: Path | str, *, progress: bool = False, model: Model = None) -> Rerun:
    """Live a kept answer again and compare every file of it.

    Args:
        folder: What a command of ``KINDS`` kept.
        progress: Show a bar on standard error.
        model: The class that was lived, if it was not xiaoqu's own.

    Returns:
        Whether every byte is the same, and if not what differs.

    Raises:
        InputError: There is no such answer, it is of a kind that does not keep its whole question, or
            code or a file that it was made of is not given.
        RuntimeError: Every run failed.
    """
    begun, kept = time.perf_counter(), _kept(Path(folder))
    _check_given(kept, model)
    edited = tuple(kept.edited())
    if edited:
        # What was asked cannot be told any more, so there is nothing to live.
        return Rerun(kept.folder, 0, edited, (), time.perf_counter() - begun)
    with tempfile.TemporaryDirectory(prefix="xiaoqu-rerun-") as place:
        again = _kept(kept.live(Path(place), progress, model))
        names = sorted({*kept.files, *again.files})
        differs = tuple(d for name in names if (d := _file_differs(name, kept, again)))
        made = tuple(
            _parted("part", "", keys, old, new)
            for keys, old, new in store.apart(kept.made, again.made)
        )
    return Rerun(kept.folder, len(names), differs, made, time.perf_counter() - begun)


def _check_given(kept: _Answer, model: Model) -> None:
    """Refuse to live an answer without the code that it was made with."""
    name, code = kept.made["model"], kept.made["own_code"]
    if not isinstance(name, str) or not isinstance(code, dict):
        path = str(kept.folder / store.MANIFEST)
        raise InputError(path, "does not say what made it", "as the run wrote it")
    if name != OWN_MODEL and model is None:
        problem = f"was lived by the model {name}"
        raise InputError(str(kept.folder), problem, "from Python: rerun(FOLDER, model=ITS_CLASS)")
    here = provenance((), model, measures=foreign_measures()).own.hashes
    if missing := [name for name in code if name not in here]:
        # A file is what a reader can give; what was typed into a session has none.
        files = [name for name in missing if name.endswith(".py")] or missing
        problem = f"was made with code that is not given: {', '.join(files)}"
        raise InputError(str(kept.folder), problem, "--plugin FILE for each")


# --- kinds of answers ---------------------------------------------------------------------------


def _kept(folder: Path) -> _Answer:
    """What a folder holds.

    Raises:
        InputError: Nothing that can be lived again.
    """
    manifest = store.read_manifest(folder)
    if (folder / "designs").is_dir():
        return _Sweep(folder, manifest)
    if "command" in manifest:
        command = str(manifest["command"])
        if command not in _SCIENCE:
            problem = (
                f"is an answer of {command}, which keeps its tables and not its whole question"
            )
            raise InputError(str(folder), problem, f"what {', '.join(KINDS)} kept")
        return _Science(folder, manifest)
    kind = _Comparison if "configurations" in manifest else _Study
    return kind(folder, manifest)


@dataclass(frozen=True)
class _Answer:
    """A folder and what it says of itself; a kind of answer says how it is lived."""

    folder: Path
    manifest: Tree

    @property
    def made(self) -> Tree:
        """What it was made of."""
        return {key: self.manifest.get(key) for key in MADE}

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file as it was written, by its place in the folder."""
        found = self.manifest.get("files")
        if not isinstance(found, dict):
            raise InputError(
                str(self.folder / store.MANIFEST), "names no files", "as the run wrote it"
            )
        return found

    @property
    def files(self) -> set[str]:
        """Tables it says it has, and those that are there."""
        return {*self.hashes, *(path.name for path in self.folder.glob("*.parquet"))}

    def edited(self) -> Iterator[Difference]:
        """Settings that are not what its tables say they were made with."""
        for name in sorted(self.files):
            notes = store.lasting_part(_notes(self.folder / name))
            now = {key: store.lasting_part(self.manifest.get(key)) for key in notes}
            found = [
                _parted("setting", store.MANIFEST, keys, old, new)
                for keys, old, new in store.apart(notes, now)
            ]
            if found:
                yield from found
                return

    def live(self, out: Path, progress: bool, model: Model) -> Path:
        """Live it again below a folder, and say where."""
        raise NotImplementedError


class _Study(_Answer):
    def live(self, out: Path, progress: bool, model: Model) -> Path:
        config, panel = _config(self, "configuration"), self.manifest.get(store.PANEL, ())
        asked = precisions.read(self.manifest)
        return _there(runs_of.run(config, out, progress, model=model, panel=panel, precision=asked))


class _Comparison(_Answer):
    def live(self, out: Path, progress: bool, model: Model) -> Path:
        trees = kept_trees(self.folder, self.manifest)
        configs = {
            (scenario, policy): _config(self, "configurations", scenario, policy)
            for scenario in trees
            for policy in trees[scenario]
        }
        reference, threshold = self.manifest.get("reference"), self.manifest.get("threshold")
        if not isinstance(reference, str) or not isinstance(threshold, float):
            problem, allowed = "has no reference or threshold", "as the run wrote it"
            raise InputError(str(self.folder / store.MANIFEST), problem, allowed)
        question = Question(configs, reference, threshold, precisions.read(self.manifest))
        return _there(question.answer(out, progress, model=model))


class _Sweep(_Answer):
    @property
    def made(self) -> Tree:
        first = chunks.designs(self.folder)[0]
        return {key: first["code"].get(key, first.get(key)) for key in MADE}

    @property
    def hashes(self) -> dict[str, str]:
        return chunks.read_sums(self.folder)

    @property
    def files(self) -> set[str]:
        there = chunks.written(self.folder)
        return {*self.hashes, *(f"{p.parent.name}/{p.name}" for p in there if p.suffix != ".json")}

    def edited(self) -> Iterator[Difference]:
        for told in chunks.designs(self.folder):
            design = _design(self.folder, told)
            read = {path: design.described()["read"].get(path) for path in told["read"]}
            # Files that have changed since are told apart, among what made the numbers.
            if read == told["read"] and design.fingerprint() != told["fingerprint"]:
                yield Difference("changed", {"file": f"designs/{told['number']:03d}"})

    def live(self, out: Path, progress: bool, model: Model) -> Path:
        again: Path | None = None
        for told in chunks.designs(self.folder):
            design = replace(_design(self.folder, told), executor=Executor())
            again = run_design(design, out, progress=progress, append=again, model=model).folder
        assert again is not None
        return again


class _Science(_Answer):
    def live(self, out: Path, progress: bool, model: Model) -> Path:
        command = self.manifest["command"]
        path = str(self.folder / store.MANIFEST)
        try:
            question = _SCIENCE[command](
                _config(self, "configuration"), self.manifest["words"], self
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(path, f"has no usable words: {error}", "as it was written") from error
        read = self.manifest.get("read") or {}
        if not isinstance(read, dict):
            raise InputError(path, f"read is {read!r}", "as it was written")
        read_otherwise = any(content_hash(name) != then for name, then in read.items())
        if question.asked.fingerprint() != self.manifest.get("fingerprint") and not read_otherwise:
            problem = "the question cannot be put together again from what is kept"
            raise InputError(path, problem, "as it was written")
        keys = {} if model is None else {"model": model}
        return _there(question.answer(out, progress, **keys))


def _attribution(config: Config, words: Tree, _: _Answer) -> Any:
    from sim.science.attribute import Question

    return Question(config, tuple(words["indicator"]), words["permutations"])


def _sensitivity(config: Config, words: Tree, _: _Answer) -> Any:
    from sim.science.factors import choose
    from sim.science.sensitivity import Question

    # Bounds stand there for each number, whatever they were chosen by.
    intervals = {key: Interval(low, high) for key, low, high in words["factors"]}
    outputs = tuple((name, month) for name, month in words["outputs"])
    sizes = (words[key] for key in ("trajectories", "top", "samples"))
    return Question(config, tuple(choose(config, [], intervals, WHOLE)), outputs, *sizes)


def _optimum(config: Config, words: Tree, answer: _Answer) -> Any:
    from sim.science.goal import Goal
    from sim.science.optimise import Sought

    given = {key: value for key, value in words.items() if key != "goals" and value is not None}
    # Named by what it holds; where it lies is told among the files read.
    places = [
        path for path, held in (answer.made["read"] or {}).items() if held == words["posterior"]
    ]
    given |= {"doses": tuple(words["doses"]), "starts": tuple(words["starts"])}
    given |= {"posterior": places[0] if words["posterior"] else ""}
    return Sought(config, tuple(Goal(*goal) for goal in words["goals"]), **given)


_SCIENCE: dict[str, Callable[[Config, Tree, _Answer], Any]] = {
    "attribute": _attribution, "sensitivity": _sensitivity, "optimise": _optimum,
}  # fmt: skip
"""How a question is put together again, by command."""

KINDS = ("run", "compare", "sweep", *_SCIENCE)
"""Commands whose answers keep their whole question."""


def _there(answer: Any) -> Path:
    assert answer.folder is not None
    return answer.folder


def _config(answer: _Answer, *place: str) -> Config:
    """A configuration out of a manifest, lived on this machine: where it is lived changes no byte."""
    tree: Any = answer.manifest
    for key in place:
        tree = tree.get(key) if isinstance(tree, dict) else None
    if not isinstance(tree, dict):
        problem = f"has no {'.'.join(place)}"
        raise InputError(str(answer.folder / store.MANIFEST), problem, "as the run wrote it")
    return check(tree).model_copy(update={"executor": Executor()})


def _design(folder: Path, told: Tree) -> Design:
    """A design as it was frozen."""
    path = folder / "designs" / f"{told['number']:03d}.parquet"
    allowed = "as a sweep wrote it"
    try:
        configs = [(check(base["configuration"]), base["keys"]) for base in told["bases"]]
        bases = tuple(Base(c.resolved(), c.fingerprint(), keys) for c, keys in configs)
        kept = Experiment(design=told["design"], keep_months=told["keep_months"])
        points, count, size = pq.read_table(path), told["replications"], told["chunk"]
        if not isinstance(told["read"], dict):
            raise TypeError("read is no table of files")
    except InputError:
        raise
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise InputError(str(path), f"is no design: {error}", allowed) from error
    return Design(told["name"], kept, bases, told["types"], points, count, size)


# --- what differs -------------------------------------------------------------------------------


def _notes(path: Path) -> Tree:
    """What a table says of its making; nothing where it cannot be read."""
    try:
        return dict(json.loads((pq.read_schema(path).metadata or {})[b"xiaoqu"]))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return {}


def _file_differs(name: str, kept: _Answer, again: _Answer) -> Difference | None:
    """How one file is otherwise; None if every byte is the same."""
    if not _WITHIN.fullmatch(name):
        raise InputError(str(kept.folder), f"names a file {name!r}", "tables in the folder itself")
    old, new = kept.folder / name, again.folder / name
    if not old.is_file() or not new.is_file():
        return Difference("more" if old.is_file() else "gone", {"file": name})
    here = store.sha256(old)
    if here == store.sha256(new):
        return None
    try:
        told = _tables_differ(pq.read_table(old), pq.read_table(new))
    except (OSError, ValueError, pa.ArrowException):
        told = Difference("unread", {})
    edited = kept.hashes.get(name, here) != here
    return Difference(told.word, {**told.told, "file": name}, edited)


def _parted(word: str, file: str, keys: tuple[str, ...], old: Any, new: Any) -> Difference:
    """A part of what is told of an answer that is not what it was."""
    told = {"key": ".".join(keys), "old": store.brief(old), "new": store.brief(new)}
    return Difference(word, {"file": file, **told})


def _shown(value: Any) -> Any:
    """A value of a table, on one line where it is a text."""
    return shorten(value, 60) if isinstance(value, str) else value


def _tables_differ(old: pa.Table, new: pa.Table) -> Difference:
    """The first thing in which two tables differ."""
    was_typed, now_typed = (
        {field.name: str(field.type) for field in table.schema} for table in (old, new)
    )
    for keys, was, now in store.apart(was_typed, now_typed):
        return _parted("columns", "", keys, was, now)
    if old.num_rows != new.num_rows:
        return Difference("rows", {"old": old.num_rows, "new": new.num_rows})
    a, b = old.to_pandas(), new.select(old.column_names).to_pandas()
    apart = ~((a == b) | (a.isna() & b.isna()))
    if not apart.to_numpy().any():
        return Difference("notes", {})
    key = str(apart.any().idxmax())
    row = int(np.argmax(apart[key].to_numpy()))
    named = ", ".join(f"{name} {a[name].iloc[row]}" for name in KEYS if name in a and name != key)
    return Difference(
        "cell",
        {
            "key": key,
            "row": row + 1,
            "at": f" ({named})" if named else "",
            "old": _shown(a[key].iloc[row]),
            "new": _shown(b[key].iloc[row]),
            "cells": int(apart.to_numpy().sum()),
            "columns": int(apart.any().sum()),
        },
    )
