"""An answer of several tables, kept below ``<command>/<scenario>-<hash>`` and found there again."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sim.config import Config
from sim.errors import InputError
from sim.experiments import store


@dataclass(frozen=True)
class Asked:
    """What decides an answer: a command, a configuration, and the command's own words.

    Attributes:
        command: Name of the command.
        config: What is lived.
        words: The command's own words, as plain JSON types.
        libraries: What the answer was computed with beside the libraries of every run; told in
            the manifest, with versions.
    """

    command: str
    config: Config
    words: dict[str, Any]
    libraries: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Short hash of all that can change the answer."""
        text = store.as_json([self.command, self.config.fingerprint(), self.words])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def folder(self, out: Path) -> Path:
        """Where the answer belongs below the results folder."""
        name = f"{store.plain(self.config.scenario.name)}-{self.fingerprint()}"
        return Path(out) / self.command / name

    @property
    def identity(self) -> dict[str, str]:
        """The question, and the code that answers it."""
        return {
            "command": self.command,
            "fingerprint": self.fingerprint(),
            "xiaoqu": store.version(),
            "source": store.source_digest(),
        }

    @property
    def provenance(self) -> dict[str, Any]:
        """In a few words what made this, for the metadata of a figure."""
        return {
            **self.identity,
            "scenario": self.config.scenario.name,
            "policy": self.config.policy.name,
            "seeds": [self.config.seed, self.config.seed + self.config.replications - 1],
        }


def find(asked: Asked, out: Path, tables: Sequence[str]) -> dict[str, pd.DataFrame] | None:
    """Tables of an earlier answer to this very question by this very code; None if there is none.

    Raises:
        InputError: The place cannot be written.
    """
    folder = store.make_ready(asked.folder(out), out)
    try:
        manifest = store.read_manifest(folder)
        same = {key: manifest.get(key) for key in asked.identity} == asked.identity
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
    versions = store.versions(asked.libraries)
    manifest = {**asked.identity, "words": asked.words, "versions": versions}
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
