"""Where answers are kept: whole folders, put in place in one step, that say what made them.

A study's folder ``run/<scenario>-<policy>-<hash>`` holds ``runs.parquet``, ``months.parquet``,
``costs.parquet``, ``manifest.json``, ``panel.parquet`` if households were asked for, and an empty
``figures`` for what is drawn from them. The hash is of the configuration, of the columns asked for and
of all that the answer is made of (``provenance``), so the same question finds its answer again, and one
asked of other code or files gets a folder of its own.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import platform
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.experiments import doubt
from sim.experiments import precision as precisions
from sim.experiments.answers import TWINS, Answer
from sim.experiments.precision import Precision
from sim.experiments.provenance import Provenance, lasting
from sim.experiments.summary import summarise
from sim.files import check_regular, process_alive, read_json
from sim.outcomes import OWN
from sim.source import PACKAGE

if TYPE_CHECKING:
    from sim.config import Config

PANEL = "panel"

UNITS = "units"
"""Entry of a manifest: units of all compounds by scenario, told later too where their file is gone."""

MANIFEST = "manifest.json"

COLUMNS = b"xiaoqu.columns"
"""Where a table's file says which columns it has, and of what type."""

DRAFT = ".draft"
"""First part of the name of a folder being written."""

# A process keeps this as long as it lives, so a draft of an earlier process with our number shows.
_LIFE = secrets.token_hex(4)
_STALE_SECONDS = 24 * 3600.0


@dataclass(frozen=True, repr=False)
class Study(Answer):
    """A configuration and what came of it.

    Attributes:
        config: What was lived.
        runs: A row per replication: run (0, 1, ...), scenario, policy, seed, status ("ok" or
            "failed"), stage and message of a failure, and for every indicator
            ``<indicator>_end`` (last month) and ``<indicator>_last12`` (mean of the last 12
            months, or of those since month 1 if fewer), both plain means over compounds. With doubt also ``draw``,
            the number of its parameter set, and the value of every drawn key.
        months: A row per run, month and compound (0, 1, ...), with seed and a column per
            indicator. Month 0 is the state just before the policy, history is negative.
            Replications that failed have no rows.
        costs: A row per run, month, compound, actor and measure with seed, hours and yuan.
        summary: What ``summarise`` makes of the months; made anew when a study is read, not kept.
        twins: Months of second runs under parameters that were lived already, see ``sim.experiments.doubt``;
            ``run`` is the number of the first. Empty without doubt.
        precision: How well a mean was to be known, None if nothing was asked.
        made_of: Fingerprint of the configuration, and what made the numbers, see ``Provenance``.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
        panel_columns: Columns of households that were kept for every month.
        lived_panel: These, if they were lived now; ``panel`` has them in any case.
    """

    TABLES = ("runs", "months", "costs")
    MAIN = "summary"
    SHOWN = "sim.experiments.summary_table:print_summary"
    FIGURES = "sim.figures.trajectories"

    config: Config
    runs: pd.DataFrame
    months: pd.DataFrame
    costs: pd.DataFrame
    summary: pd.DataFrame
    twins: pd.DataFrame = field(default_factory=pd.DataFrame)
    precision: Precision | None = None
    made_of: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    loaded: bool = False
    panel_columns: tuple[str, ...] = ()
    lived_panel: pd.DataFrame | None = None

    @classmethod
    def of(
        cls, config: Config, columns: tuple[str, ...], precision: Precision | None, **found: Any
    ) -> Study:
        """The study of what was asked and what was found, which is named as the attributes are."""
        summary = summarise(config, found["months"])
        return cls(config, summary=summary, precision=precision, panel_columns=columns, **found)

    @property
    def panel(self) -> pd.DataFrame:
        """A row per run, month and household, with seed, compound and the columns asked for.

        Read from the folder each time it is asked for, if it was not lived now: it may be large.

        Raises:
            InputError: None was asked for, or the file was lost or changed since it was written.
        """
        if self.lived_panel is not None:
            return self.lived_panel
        if self.folder is None or not self.panel_columns:
            raise InputError("panel", "was not asked for", 'run(config, panel=["paid"])')
        return read_tables(self.folder, read_manifest(self.folder), (PANEL,))[PANEL]

    @property
    def configs(self) -> list[Config]:
        """What was lived."""
        return [self.config]

    @cached_property
    def split(self) -> pd.DataFrame:
        """Chance and doubt at 0, 12, 24 and the last month, see ``doubt.split_frame``; no rows without doubt."""
        if not len(self.twins):
            return pd.DataFrame(columns=list(doubt.SPLIT))
        lived = sorted(set(self.months["month"]) & {0, 12, 24, self.config.months})
        return doubt.split_frame(*doubt.matched(self.months, self.twins), lived)

    @property
    def provenance(self) -> dict[str, Any]:
        """In a few words what made this, for the metadata of a figure."""
        seeds = self.runs["seed"]
        return {
            **signature(self.made_of),
            "scenario": self.config.scenario.name,
            "policy": self.config.policy.name,
            "seeds": [int(seeds.min()), int(seeds.max())],
        }


def signature(made_of: dict[str, Any]) -> dict[str, Any]:
    """Version, question and source of an answer, from what made it, be it of now or of long ago."""
    return {
        "software": f"xiaoqu {made_of.get('xiaoqu', 'unknown')}",
        "fingerprint": made_of.get("fingerprint", "unknown"),
        "source": made_of.get("source", "unknown"),
    }


def place_name(said: str, fingerprint: str, made: Provenance) -> str:
    """Name of an answer's folder: words for people, and a hash of question and provenance."""
    whole = hashlib.sha256(f"{fingerprint} {made.digest}".encode()).hexdigest()
    return f"{said}-{whole[:12]}"


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
        probe = folder.parent / _temporary("probe")
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


def answers(manifest: dict[str, Any], fingerprint: str, made: Provenance) -> bool:
    """Whether what a manifest tells of is a final answer to a question, of the same provenance."""
    final = manifest.get("to_retry") == 0
    return final and manifest.get("fingerprint") == fingerprint and made.made(manifest)


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


def write_folder(
    folder: Path,
    tables: dict[str, pd.DataFrame],
    manifest: dict[str, Any],
    unvarying: dict[str, Any],
    started: datetime,
) -> None:
    """Keep tables and their manifest: into a draft beside the place, then there in one step.

    An answer asked for again is made of the same code and files, so the same tables take the place of
    those that are there, file by file; what else lies in the folder is a person's, or was drawn from
    the same numbers, and stays.

    Args:
        folder: Final folder.
        tables: Frames by the name of their file.
        manifest: What made them; revision, platform, times and hashes of the files are added.
        unvarying: The part of it that goes into every table, the same whenever the numbers are.
        started: When the runs began, UTC.

    Raises:
        InputError: The place cannot be written, or is full.
    """
    named = {"tables": sorted(tables)}
    with told_as_input_error(folder.parent), _draft_of(folder) as draft:
        inside = as_json(unvarying | named)
        for name, frame in tables.items():
            write_table(frame, draft / f"{name}.parquet", inside)
        (draft / "figures").mkdir()
        manifest |= {
            **named,
            **circumstances(started),
            "files": {f"{n}.parquet": sha256(draft / f"{n}.parquet") for n in tables},
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (draft / MANIFEST).write_text(text, encoding="utf-8")
        for path in (*draft.iterdir(), draft):
            sync(path)


def write_table(content: pd.DataFrame | pa.Table, path: Path, provenance: str) -> None:
    """Write a table as Parquet with its provenance (JSON) under the schema key ``xiaoqu``, and its columns."""
    whole = isinstance(content, pa.Table)
    table: pa.Table = content if whole else pa.Table.from_pandas(content, preserve_index=False)
    notes = {
        **(table.schema.metadata or {}),
        b"xiaoqu": provenance.encode(),
        COLUMNS: as_json(_columns(table.schema)).encode(),
    }
    pq.write_table(table.replace_schema_metadata(notes), path, compression="zstd")


def _columns(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def check_columns(path: Path, schema: pa.Schema) -> None:
    """Refuse a table that has other columns than it was written with; one of an earlier version does not say.

    Raises:
        InputError: It is such a table.
        ValueError: It does not say so in a way that can be read.
    """
    there = _columns(schema)
    written = json.loads((schema.metadata or {}).get(COLUMNS, as_json(there)))
    for (name, *_), then, now in apart(dict(written), there):
        problem = f"column {name} is {now or 'missing'}, and was {then or 'not there'}"
        raise InputError(str(path), problem, "as the run wrote it")


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


def failures(runs: pd.DataFrame) -> dict[str, int]:
    """How many runs failed, and how many of those are to be tried again when asked again."""
    messages = runs.loc[runs["status"] == "failed", "message"]
    return {
        "failed": len(messages),
        "to_retry": sum(not lasting(message) for message in messages),
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


def apart(
    then: dict[str, Any], now: dict[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Parts in which two manifests differ: key below those above it, value then and value now."""
    for key in sorted(then.keys() | now.keys()):
        old, new = then.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from apart(old, new, (*above, key))
        elif as_json(old) != as_json(new):
            yield (*above, key), old, new


def brief(value: Any) -> str:
    """A value of a manifest in a message: a long hash tells a reader no more than its beginning."""
    return "none" if value is None else str(value)[:16]


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a folder of results says of itself.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    path = folder / MANIFEST
    manifest = read_json(path, "a folder that xiaoqu made")
    if not isinstance(manifest, dict):
        raise InputError(str(path), "is not a manifest", "a folder that xiaoqu made")
    return manifest


def _read(folder: Path, manifest: dict[str, Any], config: Config | None) -> Study:
    # Whoever has a configuration at hand need not wait for what checks one.
    from sim.config import check

    # The tables first: they vouch for the manifest.
    frames = read_kept(folder, manifest, Study.TABLES)
    return Study.of(
        config or check(manifest["configuration"]), tuple(manifest.get(PANEL, ())), precisions.read(manifest),
        made_of=manifest, folder=folder, loaded=True, **frames,
    )  # fmt: skip


def read_kept(
    folder: Path, manifest: dict[str, Any], names: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Tables of a folder by name, that of second runs with them where one was kept.

    A panel of households may be large: it is looked at, and read only when somebody asks for it.

    Raises:
        InputError: A file was lost or changed since it was written, or the manifest was.
    """
    files = manifest["files"]
    there = [
        name for name in (TWINS, PANEL) if isinstance(files, dict) and f"{name}.parquet" in files
    ]
    frames = read_tables(folder, manifest, (*names, *(name for name in there if name == TWINS)))
    if PANEL in there:
        _check_whole(folder / f"{PANEL}.parquet", files)
    return frames


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
        _check_whole(path, hashes)
        try:
            table = pq.read_table(path)
            told = dict(json.loads((table.schema.metadata or {})[b"xiaoqu"]))
            check_columns(path, table.schema)
            frames[name] = _with_own(table.to_pandas()) if name == "months" else table.to_pandas()
        except InputError:
            raise
        # Its hash may stand beside it and be right, and the file no table of ours all the same.
        except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise InputError(str(path), f"is no table: {error}", "as the run wrote it") from error
        _check_told(folder, manifest, told)
    return frames


def _check_whole(path: Path, hashes: dict[str, Any]) -> None:
    """Refuse a file that is not the one that was written."""
    try:
        check_regular(path)
        whole = sha256(path) == hashes[path.name]
    except OSError as error:
        raise InputError(str(path), error.strerror or "cannot be read") from error
    if not whole:
        raise InputError(str(path), "has changed since the run wrote it")


def _with_own(months: pd.DataFrame) -> pd.DataFrame:
    """Months as kept, and an indicator of one's own that was given since, which has no value there."""
    return months.assign(**{name: math.nan for name in OWN if name not in months})


def _check_told(folder: Path, manifest: dict[str, Any], told: dict[str, Any]) -> None:
    """Refuse a manifest that says of its tables what they do not say of themselves."""
    for key, value in told.items():
        if as_json(lasting_part(manifest.get(key))) != as_json(lasting_part(value)):
            problem = f"{key} is not what the tables beside it were made with"
            raise InputError(str(folder / MANIFEST), problem, "as the run wrote it")
    written = {f"{name}.parquet" for name in told.get("tables", ())}
    if written and written != set(manifest["files"]):
        problem = f"files names {', '.join(sorted(manifest['files']))}"
        raise InputError(str(folder / MANIFEST), problem, ", ".join(sorted(written)))


def lasting_part(value: Any) -> Any:
    """A part of a manifest without what changes no number, which tables do not carry."""
    if not isinstance(value, dict):
        return value
    return {k: lasting_part(v) for k, v in value.items() if k not in ("executor", "experiment")}


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
    draft = folder.parent / _temporary(folder.name)
    draft.mkdir()
    try:
        yield draft
        _put_in_place(draft, folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _put_in_place(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        # The manifest last: until it is there, it tells of other tables than it finds.
        for path in sorted(draft.iterdir(), key=lambda path: path.name == MANIFEST):
            if path.is_file():
                path.replace(folder / path.name)
        sync(folder)
        shutil.rmtree(draft, ignore_errors=True)
    sync(folder.parent)


def _temporary(name: str) -> str:
    # The machine goes in as digits of a hash: results may be shared, host names should not.
    return f"{DRAFT}~{_machine()}~{os.getpid()}~{_LIFE}~{secrets.token_hex(2)}~{name}"


@cache
def _machine() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _clear_leftovers(parent: Path) -> None:
    for path in sorted(parent.glob(f"{DRAFT}~*")):
        with suppress(OSError, ValueError):
            _, machine, process, life, _, _ = path.name.split("~", 5)
            if not _at_work(path, machine, int(process), life):
                shutil.rmtree(path, ignore_errors=True)


def _at_work(path: Path, machine: str, process: int, life: str) -> bool:
    """Whether the process that made a temporary folder may still be writing it."""
    if time.time() - path.stat().st_mtime > _STALE_SECONDS:
        return False
    if process == os.getpid() and machine == _machine():
        return life == _LIFE
    # Elsewhere no process can be asked: age decides.
    return machine != _machine() or process_alive(process)
