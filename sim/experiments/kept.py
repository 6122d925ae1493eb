"""Questions whose answers are several tables, kept below ``<command>/<scenario>-<hash>`` and found there again."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pandas as pd

from sim.config import Config
from sim.errors import InputError
from sim.experiments import store
from sim.experiments.provenance import Provenance, failures_noted, provenance

Maker = Callable[[], dict[str, pd.DataFrame]]


@dataclass(frozen=True)
class Asked:
    """What decides an answer: a command, a configuration, and the command's own words.

    Attributes:
        command: Name of the command.
        config: What is lived.
        words: The command's own words, as plain JSON types.
        libraries: What the answer is computed with beside the libraries of every run.
        others: Further configurations that are lived.
        paths: Files that are read beside those that the configurations name.
        model: Class that is lived instead of ``NeighborhoodModel``.
    """

    command: str
    config: Config
    words: dict[str, Any]
    libraries: tuple[str, ...] = ()
    others: tuple[Config, ...] = ()
    paths: tuple[str, ...] = ()
    model: Callable[..., Any] | None = None

    @cached_property
    def made(self) -> Provenance:
        """What the answer is made of, taken down once."""
        configs = (self.config, *self.others)
        return provenance(configs, self.model, paths=self.paths, libraries=self.libraries)

    def fingerprint(self) -> str:
        """Short hash of all that can change the answer."""
        text = store.as_json([self.command, self.config.fingerprint(), self.words])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def whole(self) -> str:
        """Text of which the folder's name holds a hash, beside the provenance."""
        return self.fingerprint()

    def answered_by(self, manifest: dict[str, Any]) -> bool:
        """Whether a manifest tells of a final answer to this very question, of the same provenance."""
        return store.answers(manifest, self.fingerprint(), self.made)

    @property
    def told(self) -> dict[str, Any]:
        """What the answer is given beside its tables."""
        return {}

    @property
    def said(self) -> str:
        """What the folder's name says to people."""
        return store.plain(self.config.scenario.name)

    def folder(self, out: Path) -> Path:
        """Where the answer belongs below the results folder."""
        place = store.place_name(self.said, self.whole, self.made)
        return Path(out) / self.command / place

    def manifest(self, tables: dict[str, pd.DataFrame]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is kept beside the tables, and what of it is the same whenever the numbers are."""
        manifest = {
            "command": self.command,
            "fingerprint": self.fingerprint(),
            **self.made.described,
            "words": self.words,
            "to_retry": failures_noted(),
        }
        return with_configuration(manifest, self.config.resolved())

    @property
    def provenance(self) -> dict[str, Any]:
        """In a few words what made this, for the metadata of a figure."""
        made_of = {"fingerprint": self.fingerprint(), **self.made.identity}
        return {
            **store.signature(made_of),
            "command": self.command,
            "scenario": self.config.scenario.name,
            "policy": self.config.policy.name,
            "seeds": [self.config.seed, self.config.seed + self.config.replications - 1],
        }


def with_configuration(
    manifest: dict[str, Any], tree: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A manifest with the whole configuration, and with what of it changes numbers."""
    lasting = {key: value for key, value in tree.items() if key not in ("executor", "experiment")}
    return {**manifest, "configuration": tree}, {**manifest, "configuration": lasting}


def find(asked: Asked, out: Path, tables: Sequence[str]) -> dict[str, pd.DataFrame] | None:
    """Tables of an earlier answer to this very question, of the same provenance; None if there is none.

    Raises:
        InputError: The place cannot be written.
    """
    folder = store.make_ready(asked.folder(out), out)
    try:
        manifest = store.read_manifest(folder)
        return store.read_kept(folder, manifest, tables) if asked.answered_by(manifest) else None
    except (InputError, KeyError):
        return None


def keep(asked: Asked, out: Path, tables: dict[str, pd.DataFrame], started: datetime) -> Path:
    """Keep an answer whole, with what made it.

    Returns:
        Its folder.

    Raises:
        InputError: The place cannot be written, or is full.
    """
    folder = asked.folder(out)
    store.write_folder(folder, tables, *asked.manifest(tables), started)
    return folder


def answered(
    asked: Asked,
    tables: Sequence[str],
    make: Maker,
    how: How,
) -> dict[str, Any]:
    """Read an answer back, or make and keep it.

    Args:
        asked: The question.
        tables: Names of its tables.
        make: Makes them.
        how: Where it is kept, and whether it is made again even if it is there.

    Returns:
        Tables by name, ``folder``, and whether they were ``loaded``.

    Raises:
        InputError: The place cannot be written.
    """
    with asked.made.held():
        if how.out is None:
            return {**make(), **asked.told}
        folder = asked.folder(how.out)
        found = find(asked, how.out, tables)
        if found is not None and not how.force:
            if how.progress:
                print(f"answered before, read from {folder}", file=sys.stderr)
            return {**found, **asked.told, "folder": folder, "loaded": True}
        started = datetime.now(UTC)
        made = make()
        return {**made, **asked.told, "folder": keep(asked, how.out, made, started)}


class How(NamedTuple):
    """How an answer is made: folder of results (None keeps nothing), bars, anew, and the model's class."""

    out: Path | None = None
    progress: bool = False
    force: bool = False
    model: Callable[..., Any] | None = None


class Kept:
    """A question whose answer is kept: what decides the answer, and what makes its tables.

    Attributes:
        ANSWER: Class of the answer; it takes the question, tables by name, and the folder.
        said: How it was asked, None if it was put together in Python.
    """

    ANSWER: ClassVar[type[Any]]
    said: ClassVar[Any] = None

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        raise NotImplementedError

    def maker(self, how: How) -> Maker:
        """What makes the tables. Files are read here, before anything is lived."""
        raise NotImplementedError

    def answer(self, out: Path | None = None, progress: bool = False, **how: Any) -> Any:
        """Live the question, or read its answer back.

        Args:
            out: Folder of all results; None keeps nothing.
            progress: Show bars, and where the answer came from, on standard error.
            **how: ``force`` and ``model``, see ``How``.

        Raises:
            InputError: An unusable ``out``, a file or library that is missing, or input refused.
            RuntimeError: Runs failed.
        """
        given = How(out, progress, **how)
        asked = replace(self.asked, model=given.model)
        with asked.made.held():
            make = self.maker(given)
        return self.answer_of(answered(asked, self.ANSWER.TABLES, make, given))

    def answer_of(self, found: dict[str, Any]) -> Any:
        """The answer made of its tables, folder and what is told beside them."""
        return self.ANSWER(self, **found)
