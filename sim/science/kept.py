"""An answer of several tables, kept below ``<command>/<scenario>-<hash>`` and found there again."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from sim.config import Config
from sim.errors import InputError
from sim.experiments import store
from sim.experiments.provenance import Provenance, failures_noted, provenance


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

    def folder(self, out: Path) -> Path:
        """Where the answer belongs below the results folder."""
        said = store.plain(self.config.scenario.name)
        return Path(out) / self.command / store.place_name(said, self.fingerprint(), self.made)

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


def find(asked: Asked, out: Path, tables: Sequence[str]) -> dict[str, pd.DataFrame] | None:
    """Tables of an earlier answer to this very question, of the same provenance; None if there is none.

    Raises:
        InputError: The place cannot be written.
    """
    folder = store.make_ready(asked.folder(out), out)
    try:
        manifest = store.read_manifest(folder)
        same = store.answers(manifest, asked.fingerprint(), asked.made)
        return store.read_tables(folder, manifest, tables) if same else None
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
    configuration = asked.config.resolved()
    manifest = {
        "command": asked.command,
        "fingerprint": asked.fingerprint(),
        **asked.made.described,
        "words": asked.words,
        "to_retry": failures_noted(),
    }
    lasting = {k: v for k, v in configuration.items() if k not in ("executor", "experiment")}
    store.write_folder(
        folder,
        tables,
        {**manifest, "configuration": configuration},
        {**manifest, "configuration": lasting},
        started,
    )
    return folder


def answered(
    asked: Asked,
    tables: Sequence[str],
    make: Callable[[], dict[str, pd.DataFrame]],
    out: Path | None,
    progress: bool = False,
    force: bool = False,
) -> tuple[dict[str, pd.DataFrame], Path | None]:
    """Read an answer back, or make and keep it.

    Args:
        asked: The question.
        tables: Names of its tables.
        make: Makes them.
        out: Folder of all results; None keeps nothing.
        progress: Say on standard error when the answer was there.
        force: Make it again even if it is.

    Returns:
        Tables by name, and their folder.

    Raises:
        InputError: The place cannot be written.
    """
    with asked.made.held():
        if out is None:
            return make(), None
        found = find(asked, out, tables)
        if found is not None and not force:
            if progress:
                print(f"answered before, read from {asked.folder(out)}", file=sys.stderr)
            return found, asked.folder(out)
        started = datetime.now(UTC)
        made = make()
        return made, keep(asked, out, made, started)
