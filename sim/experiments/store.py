"""Where answers are kept: whole folders, put in place in one step, that say what made them.

A study's folder ``run/<scenario>-<policy>-<hash>`` holds ``runs.parquet``, ``months.parquet``,
``costs.parquet``, ``manifest.json`` and an empty ``figures`` for what is drawn from them. The hash
is of the configuration, so the same question finds its answer again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.experiments.summary import summarise
from sim.files import check_regular, read_json

if TYPE_CHECKING:
    from sim.config import Config

TABLES = ("runs", "months", "costs")
MANIFEST = "manifest.json"
LIBRARIES = ("numpy", "numba", "mesa", "pandas", "pyarrow")
PACKAGE = Path(__file__).parents[1]

DRAFT, AWAY = ".draft", ".away"
"""First part of the names of a folder being written and of one being replaced."""

# A process keeps this as long as it lives, so a draft of an earlier process with our number shows.
_LIFE = secrets.token_hex(4)
_STALE_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Study:
    """A configuration and what came of it.

    Attributes:
        config: What was lived.
        runs: A row per replication: run (0, 1, ...), scenario, policy, seed, status ("ok" or
            "failed"), stage and message of a failure, and for every indicator
            ``<indicator>_end`` (last month) and ``<indicator>_last12`` (mean of the last 12
            months, or of those since month 1 if fewer), both plain means over compounds.
        months: A row per run, month and compound (0, 1, ...), with seed and a column per
            indicator. Month 0 is the state just before the policy, history is negative.
            Replications that failed have no rows.
        costs: A row per run, month, compound, actor and measure with seed, hours and yuan.
        summary: What ``summarise`` makes of the months; made anew when a study is read, not kept.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    config: Config
    runs: pd.DataFrame
    months: pd.DataFrame
    costs: pd.DataFrame
    summary: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def provenance(self) -> dict[str, Any]:
        """In a few words what made this, for the metadata of a figure."""
        seeds = self.runs["seed"]
        return {
            "software": f"xiaoqu {version()}",
            "scenario": self.config.scenario.name,
            "policy": self.config.policy.name,
            "fingerprint": self.config.fingerprint(),
            "seeds": [int(seeds.min()), int(seeds.max())],
            "source": source_digest(),
        }


def study_folder(config: Config, out: Path) -> Path:
    """Where the study of a configuration belongs below the results folder."""
    name = f"{plain(config.scenario.name)}-{plain(config.policy.name)}"
    return Path(out) / "run" / f"{name}-{config.fingerprint()[:12]}"


def prepare(config: Config, out: Path) -> Path:
    """Make sure that a study can be kept before hours are spent on it; clear what dead runs left.

    Args:
        config: The configuration to be lived.
        out: Folder of all results, made if it is not there.

    Returns:
        The study's final folder, which need not exist yet.

    Raises:
        InputError: The place cannot be written or is not a folder.
    """
    return make_ready(study_folder(config, out), out)


def make_ready(folder: Path, out: Path) -> Path:
    """Make sure that a folder of results can be kept below ``out``; clear what dead runs left.

    Raises:
        InputError: The place cannot be written or is not a folder.
    """
    check_name(folder)
    with told_as_input_error(out):
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder))
        _clear_leftovers(folder.parent)
        probe = folder.parent / _temporary(DRAFT, "probe")
        probe.mkdir()
        probe.rmdir()
    return folder


def check_name(folder: Path) -> None:
    """Refuse a name that is no text, or none that this system takes: no library could open it.

    Raises:
        InputError: It is such a name.
    """
    try:
        str(folder).encode()
        os.fsencode(folder)
    except UnicodeEncodeError as error:
        shown = ascii(str(folder))
        allowed = "a name in UTF-8, on a system set to it (LC_ALL=C.UTF-8)"
        raise InputError("out", f"{shown} cannot be a name here", allowed) from error


def find(config: Config, folder: Path, model: str) -> Study | None:
    """The study kept in a folder, if it answers this very question and is whole.

    Args:
        config: The question.
        folder: The study's final folder.
        model: Dotted name of the model that would be lived.

    Returns:
        The study, or None if there is none, if another version or other source code made it, or
        if a file was lost or changed since.
    """
    try:
        manifest = read_manifest(folder)
        asked = (config.fingerprint(), version(), source_digest(), model)
        kept = tuple(manifest[key] for key in ("fingerprint", "xiaoqu", "source", "model"))
        return _read(folder, manifest, config) if asked == kept else None
    except (InputError, KeyError):
        return None


def read_study(folder: Path, config: Config | None = None) -> Study:
    """Read a study back.

    Args:
        folder: A folder that ``run`` made.
        config: Its configuration if at hand, else it is rebuilt from the manifest.

    Raises:
        InputError: No study there, or a file lost or changed since it was written.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    try:
        return _read(folder, manifest, config)
    except KeyError as error:
        raise InputError(str(folder / MANIFEST), f"has no entry {error}") from error


def write_study(study: Study, folder: Path, started: datetime, model: str) -> Study:
    """Keep a study: everything goes into a draft beside the place, then takes it in one step.

    Args:
        study: What to keep.
        folder: Its final folder; what is there is replaced whole, figures too.
        started: When the runs began, UTC.
        model: Dotted name of the model that was lived.

    Returns:
        The same study, with its folder.

    Raises:
        InputError: The place cannot be written, or is full.
    """
    manifest = _describe(study, model)
    write_folder(
        folder, {n: getattr(study, n) for n in TABLES}, manifest, _unvarying(manifest), started
    )
    return replace(study, folder=folder)


def write_folder(
    folder: Path,
    tables: dict[str, pd.DataFrame],
    manifest: dict[str, Any],
    unvarying: dict[str, Any],
    started: datetime,
) -> None:
    """Keep tables and their manifest: into a draft beside the place, then there in one step.

    Args:
        folder: Final folder; what is there is replaced whole, figures too.
        tables: Frames by the name of their file.
        manifest: What made them; revision, platform, times and hashes of the files are added.
        unvarying: The part of it that goes into every table, the same whenever the numbers are.
        started: When the runs began, UTC.

    Raises:
        InputError: The place cannot be written, or is full.
    """
    with told_as_input_error(folder.parent), _draft_of(folder) as draft:
        inside = as_json(unvarying)
        for name, frame in tables.items():
            write_table(frame, draft / f"{name}.parquet", inside)
        (draft / "figures").mkdir()
        manifest |= {
            **circumstances(started),
            "files": {f"{n}.parquet": sha256(draft / f"{n}.parquet") for n in tables},
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (draft / MANIFEST).write_text(text, encoding="utf-8")
        for path in (*draft.iterdir(), draft):
            sync(path)


def write_table(content: pd.DataFrame | pa.Table, path: Path, provenance: str) -> None:
    """Write a table as Parquet with its provenance (JSON) under the schema key ``xiaoqu``."""
    whole = isinstance(content, pa.Table)
    table: pa.Table = content if whole else pa.Table.from_pandas(content, preserve_index=False)
    notes = {**(table.schema.metadata or {}), b"xiaoqu": provenance.encode()}
    pq.write_table(table.replace_schema_metadata(notes), path, compression="zstd")


@cache
def version() -> str:
    """Version of the installed distribution, "unknown" when run from loose source."""
    return _version_of("xiaoqu")


@cache
def source_digest() -> str:
    """First 16 digits of the SHA-256 of all source files of the package, in a fixed order."""
    whole = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        whole.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        whole.update(path.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


def revision() -> str | None:
    """Git revision of the source, "-dirty" added if changed, None unless it is a checkout."""
    # Without this test an installed copy would report the repository its user happens to be in.
    if not (PACKAGE.parent / ".git").exists():
        return None
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("-dirty" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(PACKAGE.parent), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def _describe(study: Study, model: str) -> dict[str, Any]:
    config = study.config
    return {
        "fingerprint": config.fingerprint(),
        "xiaoqu": version(),
        "source": source_digest(),
        "model": model,
        "scenario": config.scenario.name,
        "policy": config.policy.name,
        "seeds": [int(seed) for seed in study.runs["seed"]],
        "failed": int((study.runs["status"] == "failed").sum()),
        "versions": versions(),
        "configuration": config.resolved(),
    }


def circumstances(started: datetime) -> dict[str, Any]:
    """Revision, platform and times, which may differ between runs that give the same numbers."""
    return {
        "revision": revision(),
        "platform": platform.platform(),
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def as_json(value: Any) -> str:
    """JSON on one line, the same for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def versions(further: Sequence[str] = ()) -> dict[str, str]:
    """Versions of Python and of the libraries that can change a number.

    Args:
        further: Libraries that a command uses beside those that every run does.
    """
    return {
        "python": platform.python_version(),
        **{name: _version_of(name) for name in (*LIBRARIES, *further)},
    }


def _unvarying(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest without what may differ between two runs that give the same numbers."""
    left_out = ("executor", "experiment")
    configuration = {k: v for k, v in manifest["configuration"].items() if k not in left_out}
    return {**manifest, "configuration": configuration}


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a folder of results says of itself.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    path = folder / MANIFEST
    manifest = read_json(path, "a folder that `xiaoqu run` made")
    if not isinstance(manifest, dict):
        raise InputError(str(path), "is not a manifest", "a folder that `xiaoqu run` made")
    return manifest


def _read(folder: Path, manifest: dict[str, Any], config: Config | None) -> Study:
    # The tables first: they vouch for the manifest.
    frames = read_tables(folder, manifest, TABLES)
    config = config or _config_of(manifest)
    summary = summarise(config, frames["months"])
    return Study(config=config, summary=summary, folder=folder, loaded=True, **frames)


def read_tables(
    folder: Path, manifest: dict[str, Any], names: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Tables of a folder by name.

    Raises:
        InputError: A file was lost or changed since it was written, or the manifest was.
    """
    hashes = manifest["files"]
    if not isinstance(hashes, dict):
        raise InputError(str(folder / MANIFEST), "names no files", "as the run wrote it")
    frames = {}
    for name in names:
        path = folder / f"{name}.parquet"
        try:
            check_regular(path)
            whole = sha256(path) == hashes[path.name]
        except OSError as error:
            raise InputError(str(path), error.strerror or "cannot be read") from error
        if not whole:
            raise InputError(str(path), "has changed since the run wrote it")
        try:
            table = pq.read_table(path)
            told = dict(json.loads((table.schema.metadata or {})[b"xiaoqu"]))
            frames[name] = table.to_pandas()
        # Its hash may stand beside it and be right, and the file no table of ours all the same.
        except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise InputError(str(path), f"is no table: {error}", "as the run wrote it") from error
        _check_told(folder, manifest, told)
    return frames


def _check_told(folder: Path, manifest: dict[str, Any], told: dict[str, Any]) -> None:
    """Refuse a manifest that says of its tables what they do not say of themselves."""
    for key, value in told.items():
        if as_json(_lasting(manifest.get(key))) != as_json(_lasting(value)):
            problem = f"{key} is not what the tables beside it were made with"
            raise InputError(str(folder / MANIFEST), problem, "as the run wrote it")


def _lasting(value: Any) -> Any:
    """A part of a manifest without what changes no number, which tables do not carry."""
    if not isinstance(value, dict):
        return value
    return {k: _lasting(v) for k, v in value.items() if k not in ("executor", "experiment")}


def _config_of(manifest: dict[str, Any]) -> Config:
    # Reading a configuration loads Hydra, which a caller that has one at hand need not pay.
    from sim.config import check

    return check(manifest["configuration"])


def plain(name: str) -> str:
    """A name as a part of a file name: no separators, no leading dot, not too long in bytes."""
    safe = re.sub(r"[^\w.+]+", "_", name).strip(".") or "unnamed"
    return safe.encode()[:80].decode(errors="ignore")


def sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Make sure that a file or folder is on the disk."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def told_as_input_error(place: Path) -> Iterator[None]:
    """Tell of a place that cannot be written, or is full, in one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        allowed = "a folder that can be written, with space left"
        raise InputError("out", f"{place}: {reason}", allowed) from error


@contextmanager
def _draft_of(folder: Path) -> Iterator[Path]:
    draft = folder.parent / _temporary(DRAFT, folder.name)
    draft.mkdir()
    try:
        yield draft
        _put_in_place(draft, folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _put_in_place(draft: Path, folder: Path) -> None:
    for attempt in range(3):
        away = folder.parent / _temporary(AWAY, folder.name)
        # No system replaces a full folder in one step, so the old one goes aside first.
        with suppress(FileNotFoundError):
            folder.rename(away)
        try:
            draft.rename(folder)
        except OSError as error:
            taken = error.errno in (errno.ENOTEMPTY, errno.EEXIST)
            if attempt == 2 or not taken:
                _bring_back(away, folder)
                raise
        else:
            sync(folder.parent)
            shutil.rmtree(away, ignore_errors=True)
            return
        shutil.rmtree(away, ignore_errors=True)


def _bring_back(away: Path, folder: Path) -> None:
    if away.exists() and not folder.exists():
        away.rename(folder)


def _temporary(kind: str, name: str) -> str:
    # The machine goes in as digits of a hash: results may be shared, host names should not.
    return f"{kind}~{_machine()}~{os.getpid()}~{_LIFE}~{secrets.token_hex(2)}~{name}"


@cache
def _machine() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _clear_leftovers(parent: Path) -> None:
    for path in sorted([*parent.glob(f"{AWAY}~*"), *parent.glob(f"{DRAFT}~*")]):
        with suppress(OSError, ValueError):
            kind, machine, process, life, _, name = path.name.split("~", 5)
            if _at_work(path, machine, int(process), life):
                continue
            if kind == AWAY:
                # The run died between its two renames: the old answer is the only one.
                _bring_back(path, parent / name)
            shutil.rmtree(path, ignore_errors=True)


def _at_work(path: Path, machine: str, process: int, life: str) -> bool:
    """Whether the process that made a temporary folder may still be writing it."""
    if time.time() - path.stat().st_mtime > _STALE_SECONDS:
        return False
    if process == os.getpid() and machine == _machine():
        return life == _LIFE
    # Elsewhere no process can be asked, and on Windows asking would end it: age decides.
    if machine != _machine() or os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
