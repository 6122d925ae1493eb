"""What an answer is made of beside its question: code, files and libraries, each by hash or version.

``provenance`` is taken once, when a question is asked. While it is ``held``, runs here and in worker
processes read files as they were then, and ``executors`` sends the user's own code along.
"""

from __future__ import annotations

import hashlib
import json
import platform
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from importlib import metadata
from typing import Any

from sim import files, source
from sim.config import Config
from sim.errors import InputError
from sim.experiments.own_code import OwnCode, own_code
from sim.intake.sheets import read_whole
from sim.measures.catalogue import CATALOGUE, Measure
from sim.outcomes import INDICATORS, OWN, Indicator
from sim.own import GIVEN, givers, in_python

LIBRARIES = (
    "numpy", "numba", "llvmlite", "scipy", "networkx", "mesa", "pandas", "pyarrow",
)  # fmt: skip
"""Libraries that can change a number, or a byte of a table."""

OWN_MODEL = "sim.model.NeighborhoodModel"
SESSION = "__main__"
"""The module of a notebook or script."""


@dataclass(frozen=True)
class Provenance:
    """All that can change an answer beside what the question says.

    Attributes:
        model: Dotted name of the model lived.
        versions: Of Python and libraries.
        own: Code of the user's own: model, measures, indicators and what they import.
        files: What each file named in the configurations holds, by its path as named there.
        measures: Measures in force that did not come along with xiaoqu, by name.
        indicators: Functions of indicators that did not come along with xiaoqu, by name.
        parts: What else was given through ``sim.own``, in force or not.
        modules: Modules that gave it, in their order.
        ensemble: Version, hash and size of the parameter sets that were drawn from; empty where none were.
    """

    model: str
    versions: dict[str, str]
    own: OwnCode = field(default_factory=OwnCode)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    measures: dict[str, type[Measure]] = field(default_factory=dict)
    indicators: dict[str, Callable[[Any], float]] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    ensemble: dict[str, Any] = field(default_factory=dict)

    @property
    def python(self) -> bool:
        """Whether Python is part of a month, so that threads would wait for each other."""
        if SESSION in self.modules:
            # What was typed into a session cannot be given again elsewhere: it is lived here, if slower.
            return False
        measures = (measure.act_rule() is None for measure in self.measures.values())
        indicators = (not hasattr(of, "py_func") for of in self.indicators.values())
        python = any(measures) or any(indicators) or in_python()
        return self.model != OWN_MODEL or python

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What must be the same for an answer to be given again; files count in the question."""
        return {
            "xiaoqu": version(),
            "source": source.digest(),
            "model": self.model,
            "versions": {**self.versions, **self.own.libraries},
            "own_parts": list(self.parts),
            "own_code": self.own.hashes,
            "uncertain": self.own.uncertain,
            **({"ensemble": self.ensemble} if self.ensemble else {}),
            # How an indicator is called and shown is said in a call, which a notebook's code does not tell.
            "own_indicators": {name: told_of(INDICATORS[name]) for name in self.indicators},
        }

    @property
    def described(self) -> dict[str, Any]:
        """Everything with its hash or version, for a manifest."""
        return {**self.identity, "read": self.file_hashes}

    @cached_property
    def file_hashes(self) -> dict[str, str]:
        """SHA-256 of each file read, by its path as named."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self.files.items()}

    @cached_property
    def digest(self) -> str:
        """Short hash of ``identity``; of code that cannot be told, another one each time."""
        text = json.dumps(self.identity, sort_keys=True, ensure_ascii=False)
        text += secrets.token_hex(8) if self.own.uncertain else ""
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def made(self, manifest: dict[str, Any]) -> bool:
        """Whether an answer with this manifest is certainly of the same code."""
        same = {key: manifest.get(key) for key in self.identity} == self.identity
        return same and not self.own.uncertain

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let all that is lived meanwhile be made of this and nothing else."""
        before = _current.set(self)
        try:
            with files.held(self.files), noting_failures():
                yield
        finally:
            _current.reset(before)


_current: ContextVar[Provenance | None] = ContextVar("provenance", default=None)
_failures: ContextVar[list[str] | None] = ContextVar("failures", default=None)


@contextmanager
def noting_failures() -> Iterator[list[str]]:
    """Collect messages of runs that fail meanwhile, here or in worker processes, but may not again."""
    outer, noted = _failures.get(), list[str]()
    before = _failures.set(noted)
    try:
        yield noted
    finally:
        _failures.reset(before)
        if outer is not None:
            outer += noted


def note_failures(messages: Iterable[str]) -> None:
    """Write down that runs failed; those that would fail again are passed over."""
    noted = _failures.get()
    if noted is not None:
        noted += [message for message in messages if not lasting(message)]


def failures_noted() -> int:
    """How many failures have been noted since the innermost ``held``."""
    return len(_failures.get() or ())


def lasting(message: str) -> bool:
    """Whether a failed run would fail again: its input was refused, and input is what it was.

    Any other failure may pass, as want of memory does; so it is no answer for good.
    """
    return message.startswith(f"{InputError.__name__}:")


def current() -> Provenance:
    """The provenance held; where none is, that of all measures registered and of no files."""
    return _current.get() or provenance((), measures=foreign_measures())


def provenance(
    configs: Iterable[Config],
    model: Callable[..., Any] | None = None,
    *,
    paths: Iterable[str] = (),
    measures: dict[str, type[Measure]] | None = None,
    libraries: Iterable[str] = (),
) -> Provenance:
    """Take down what an answer will be made of.

    Args:
        configs: All configurations that will be lived.
        model: Class to live instead of ``NeighborhoodModel``.
        paths: Files that are read beside those that the configurations name.
        measures: Measures of others in force, by name; by default those of the configurations.
        libraries: Libraries that the answer is computed with beside those of every run.

    Raises:
        InputError: A file cannot be read, or source that was imported has been edited since.
    """
    source.check_unchanged()
    configs = list(configs)
    if measures is None:
        used = {
            entry.measure.name
            for config in configs
            for entry in (*config.scenario.entries(), *config.policy.entries())
        }
        measures = {name: m for name, m in foreign_measures().items() if name in used}
    named = {path for config in configs for _, path in config.named_files()} | set(paths)
    return Provenance(
        OWN_MODEL if model is None else dotted(model),
        versions(libraries),
        own_code(
            [*measures.values(), *OWN.values(), *([] if model is None else [model])], givers()
        ),
        {path: read_whole(path) for path in sorted(named)},
        measures,
        dict(OWN),
        tuple(GIVEN),
        tuple(givers()),
        next((config.sets.told for config in configs if config.doubted), {}),
    )


def foreign_measures() -> dict[str, type[Measure]]:
    """Measures that did not come along with xiaoqu, by name."""
    return {n: m for n, m in sorted(CATALOGUE.items()) if not m.__module__.startswith("sim.")}


def told_of(indicator: Indicator) -> str:
    """All that was said of an indicator, in one text."""
    return " ".join(
        str(getattr(indicator, f.name)) for f in fields(indicator) if f.name != "compute"
    )


def dotted(model: Callable[..., Any]) -> str:
    """Name of a model with that of its module."""
    return f"{model.__module__}.{getattr(model, '__qualname__', model)}"


@cache
def version() -> str:
    """Version of the installed distribution, "unknown" when run from loose source."""
    return version_of("xiaoqu")


def versions(further: Iterable[str] = ()) -> dict[str, str]:
    """Versions of Python and of the libraries that can change a number.

    Args:
        further: Libraries that a command uses beside those that every run does.
    """
    return {
        "python": platform.python_version(),
        **{name: version_of(name) for name in (*LIBRARIES, *further)},
    }


@cache
def version_of(name: str) -> str:
    """Version of an installed distribution, "unknown" if there is none of that name."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"
