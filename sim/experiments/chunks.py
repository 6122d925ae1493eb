"""A folder of chunks: written whole, each with its hash, so that a killed sweep goes on.

``runs/`` (and ``months/``) hold one Parquet file per chunk and nothing else, so that any reader
takes the folder as one table. ``SHA256SUMS`` gains a line when a chunk is safely there: a file
without its line, or with another hash, does not count. ``designs/`` holds what was asked, frozen
before the first run; a later design may add its runs to the same folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.experiments import store
from sim.experiments.batch import MONTHS, RUNS, Numbering
from sim.experiments.design import Design
from sim.experiments.provenance import Provenance, lasting
from sim.files import read_bytes, read_json

SUMS, LOCK, DRAFTS = "SHA256SUMS", ".lock", ".drafts"

LARGEST_SUMS = 2**28

_TOLD: dict[str, type] = {
    "number": int, "fingerprint": str, "name": str, "runs": int, "points": int, "replications": int,
    "first_run": int, "first_point": int, "keep_months": bool, "code": dict, "types": dict,
}  # fmt: skip
"""What a frozen design must say of itself for the folder to be gone on with."""

_FAILED = {
    "run": pa.int64(), "seed": pa.int64(), "stage": pa.string(), "message": pa.string(),
}  # fmt: skip
"""What is told of a run that failed."""

_WRITTEN = re.compile(r"\d{3,}(-\d{6,})?")
"""Names of designs and chunks, less their ending."""

_FAR = 1 << 30  # Windows locks bytes, and those at the start are to be read by others.


@dataclass(frozen=True)
class Place:
    """Where one design stands in a folder.

    Attributes:
        folder: The folder.
        number: Which of its designs, from 0.
        numbering: How its runs count there, and what the folder's tables vary.
        tables: "runs", and "months" if they are kept.
    """

    folder: Path
    number: int
    numbering: Numbering
    tables: tuple[str, ...]

    def file(self, table: str, chunk: int) -> str:
        """Name of a chunk's file, below the folder."""
        return f"{table}/{self.number:03d}-{chunk:06d}.parquet"


@contextmanager
def locked(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Hold a folder for this process alone; made if it is not there. A killed process lets go.

    Args:
        folder: What is held.
        name: File that holds it; another name holds only what goes by that name.

    Raises:
        InputError: Another process holds it, or it cannot be written.
    """
    store.check_name(folder)
    with store.told_as_input_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / name).open("a+", encoding="utf-8")
    with handle:
        if not _lock(handle):
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            problem = f"{folder}: another process (number {holder}) is working here"
            raise InputError("out", problem, "wait until it ends, or another folder")
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                handle.truncate(0)


def _lock(handle: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(_FAR)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def freeze(folder: Path, design: Design, made: Provenance) -> Place:
    """Write down what is asked before the first run, or find it written.

    Args:
        folder: Folder held by this process.
        design: What is asked.
        made: What its runs will be made of.

    Raises:
        InputError: What is there was made of something else, or the design's columns are not the
            folder's.
    """
    with store.told_as_input_error(folder):
        shutil.rmtree(folder / DRAFTS, ignore_errors=True)
        for name in (DRAFTS, "designs", RUNS):
            (folder / name).mkdir(exist_ok=True)
        place, told = locate(folder, design, made)
        if told is None:
            return place
        for table in place.tables:
            (folder / table).mkdir(exist_ok=True)
        name = f"designs/{place.number:03d}"
        _put(folder, f"{name}.parquet", lambda path: pq.write_table(design.points, path))
        text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        _put(folder, f"{name}.json", lambda path: path.write_text(text, encoding="utf-8"))
        return place


def locate(folder: Path, design: Design, made: Provenance) -> tuple[Place, dict[str, Any] | None]:
    """Where a design stands or would stand in a folder; only read, and nothing held.

    Args:
        folder: A folder, which need not exist.
        design: What is asked.
        made: What its runs would be made of.

    Returns:
        Its place, and what is to be written of it if it is not there yet.

    Raises:
        InputError: What is there was made of something else, or the design's columns are not the
            folder's.
    """
    earlier = designs(folder)
    for one in earlier:
        _check_made(folder, one, made)
    for one in earlier:
        if one["fingerprint"] == design.fingerprint():
            return _place(folder, one, earlier[0]), None
    told = {
        "number": len(earlier),
        "fingerprint": design.fingerprint(),
        "first_run": sum(one["runs"] for one in earlier),
        "first_point": sum(one["points"] for one in earlier),
        "code": made.identity,
        **design.described(),
    }
    first = (earlier or [told])[0]
    _check_columns(folder, told, first)
    return _place(folder, told, first), told


def designs(folder: Path) -> list[dict[str, Any]]:
    """Designs frozen in a folder, in their order.

    Raises:
        InputError: One of them cannot be read.
    """
    found = []
    for path in sorted((folder / "designs").glob("*.json")):
        told = read_json(path, "as a sweep wrote it")
        for key, kind in _TOLD.items():
            if not isinstance(told, dict) or type(told.get(key)) is not kind:
                raise InputError(str(path), f"has no usable entry {key!r}", "as a sweep wrote it")
        found.append(told)
    return found


def _check_made(folder: Path, there: dict[str, Any], made: Provenance) -> None:
    """Refuse to put runs beside others that differ in what no column of the table tells."""
    differ = list(_differing(there["code"], made.identity))
    # Another design may read other files, but none of them under one name with other content.
    read = {k: v for k, v in there.get("read", {}).items() if k in made.file_hashes}
    differ += list(_differing(read, {k: made.file_hashes[k] for k in read}))
    if made.own.uncertain:
        differ.append(made.own.uncertain)
    if differ:
        problem = f"{folder} was begun by other code or files ({'; '.join(differ)})"
        raise InputError("out", problem, "those, another folder, or --force to begin anew")


def _differing(there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    """What differs, part by part, in a few words each."""
    for keys, old, new in store.apart(there, here):
        yield f"{keys[-1]} {store.brief(old)} there, {store.brief(new)} here"


def written(folder: Path) -> list[Path]:
    """Files of designs and chunks in a folder, by the names that a sweep gives them."""
    places = ((RUNS, "parquet"), (MONTHS, "parquet"), ("designs", "parquet"), ("designs", "json"))
    return [
        path
        for name, kind in places
        for path in (folder / name).glob(f"*.{kind}")
        if _WRITTEN.fullmatch(path.stem)
    ]


def _check_columns(folder: Path, told: dict[str, Any], first: dict[str, Any]) -> None:
    if told["keep_months"] != first["keep_months"]:
        raise InputError("experiment.keep_months", "differs from that of the folder's first design")
    for key, kind in told["types"].items():
        there = first["types"].get(key)
        if there != kind and (there, kind) != ("number", "whole"):
            what = f"varies {key} ({kind}), and {folder} does not"
            allowed = ", ".join(f"{name} ({kind})" for name, kind in first["types"].items())
            raise InputError("--append", f"the design {what}", allowed)


def _place(folder: Path, told: dict[str, Any], first: dict[str, Any]) -> Place:
    return Place(
        folder,
        told["number"],
        Numbering(told["first_run"], told["first_point"], first["types"]),
        (RUNS, MONTHS) if told["keep_months"] else (RUNS,),
    )


def finished(place: Place, design: Design) -> tuple[set[int], dict[str, str]]:
    """Chunks of a design that are there for good, and files that are not, each with the reason.

    Files that are damaged or hold runs whose failure may pass, and those that were not yet in the list
    of hashes, are taken away.
    """
    sums = read_sums(place.folder)
    done, again = set(), dict[str, str]()
    with store.told_as_input_error(place.folder):
        for chunk in range(len(design.chunks)):
            names = [place.file(table, chunk) for table in place.tables]
            whole = [_is_whole(place.folder / name, sums.get(name)) for name in names]
            failed = _passing(place.folder / names[0]) if all(whole) else 0
            if all(whole) and not failed:
                done.add(chunk)
                continue
            again |= {
                name: f"{failed} runs failed" if ok else "damaged since it was written"
                for name, ok in zip(names, whole, strict=True)
                if name in sums and (not ok or (failed and name == names[0]))
            }
            for name in names:
                (place.folder / name).unlink(missing_ok=True)
                sums.pop(name, None)
        # Written anew each time: a line cut short by a kill would spoil the next.
        _write_sums(place.folder, sums)
    return done, again


def _passing(path: Path) -> int:
    """How many runs of a chunk failed in a way that may pass."""
    messages = _failed_rows(path)["message"].to_pylist()
    return sum(not lasting(message) for message in messages)


def noted(place: Place, design: Design) -> set[int]:
    """Chunks of a design that are noted and there; nothing is changed and no file looked into."""
    sums = read_sums(place.folder)
    chunks = range(len(design.chunks))
    names = {chunk: [place.file(table, chunk) for table in place.tables] for chunk in chunks}
    return {
        chunk
        for chunk, files in names.items()
        if all(name in sums and (place.folder / name).is_file() for name in files)
    }


def whole(folder: Path, table: str) -> list[Path]:
    """Files of a table that are noted as written.

    Raises:
        InputError: There are none, or one was lost or changed since it was written.
        OSError: One cannot be read.
        ValueError: One does not say which columns it has in a way that can be read.
    """
    named = re.compile(rf"{table}/{_WRITTEN.pattern}\.parquet")
    sums = {name: sum for name, sum in read_sums(folder).items() if named.fullmatch(name)}
    if not sums:
        raise InputError(str(folder / SUMS), f"names no {table}", "a folder that a sweep made")
    for name, expected in sums.items():
        if not _is_whole(folder / name, expected):
            problem = "is not there, or has changed since the sweep wrote it"
            raise InputError(str(folder / name), problem, "as it was written, or the sweep again")
        store.check_columns(folder / name, pq.read_schema(folder / name))
    return [folder / name for name in sorted(sums)]


def _is_whole(path: Path, expected: str | None) -> bool:
    return expected is not None and path.is_file() and store.sha256(path) == expected


def write(place: Place, chunk: int, tables: dict[str, pa.Table], note: str) -> None:
    """Keep a chunk: each file whole and on the disk before its hash is noted.

    Raises:
        InputError: The place cannot be written, or is full.
    """
    with store.told_as_input_error(place.folder):
        lines = ""
        for table, content in tables.items():
            name = place.file(table, chunk)
            _put(place.folder, name, lambda path, t=content: store.write_table(t, path, note))
            lines += f"{store.sha256(place.folder / name)}  {name}\n"
        with (place.folder / SUMS).open("a", encoding="utf-8") as sums:
            sums.write(lines)
            sums.flush()
            os.fsync(sums.fileno())


def _put(folder: Path, name: str, make: Any) -> None:
    # Drafts lie beside the data folders: a reader of a whole folder would stumble over one.
    draft = folder / DRAFTS / Path(name).name
    try:
        make(draft)
        store.sync(draft)
        os.replace(draft, folder / name)
    finally:
        draft.unlink(missing_ok=True)
    store.sync((folder / name).parent)


def read_sums(folder: Path) -> dict[str, str]:
    """Hash of each file that is noted as written; a line cut short by a kill is left out.

    Raises:
        InputError: The list cannot be read.
    """
    path = folder / SUMS
    try:
        # What is no text is no note either: the file it spoke of is lived again.
        text = read_bytes(path, LARGEST_SUMS).decode("utf-8", errors="replace")
        lines = text.split("\n")[:-1]
    except FileNotFoundError:
        return {}
    except OSError as error:
        problem = error.strerror or "cannot be read"
        raise InputError(str(path), problem, "a list of hashes, as a sweep wrote it") from error
    parts = [line.partition("  ") for line in lines]
    return {name: digest for digest, _, name in parts if len(digest) == 64}


def _write_sums(folder: Path, sums: dict[str, str]) -> None:
    text = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    _put(folder, SUMS, lambda path: path.write_text(text, encoding="utf-8"))


def finish(place: Place, manifest: dict[str, Any]) -> None:
    """Put the list of hashes in order and write the manifest.

    Raises:
        InputError: The place cannot be written, or is full.
    """
    with store.told_as_input_error(place.folder):
        _write_sums(place.folder, read_sums(place.folder))
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        _put(place.folder, store.MANIFEST, lambda path: path.write_text(text, encoding="utf-8"))
        shutil.rmtree(place.folder / DRAFTS, ignore_errors=True)


def failures(place: Place, count: int, most: int) -> tuple[int, pa.Table]:
    """How many runs of a design failed, and the first of them.

    Args:
        place: Where the design stands.
        count: How many chunks it has, all written.
        most: How many failed runs are told of.

    Raises:
        InputError: A file holds another table than a sweep writes.
    """
    failed, first = 0, [pa.schema(_FAILED).empty_table()]
    # One file after the other: a dataset of them all keeps what each one's columns are, which
    # in a sweep of a million runs is more than the runs themselves take.
    for chunk in range(count):
        rows = _failed_rows(place.folder / place.file(RUNS, chunk))
        if rows.num_rows and failed < most:
            first.append(rows.slice(0, most - failed))
        failed += rows.num_rows
    return failed, pa.concat_tables(first)


def _failed_rows(path: Path) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            rows = file.read(columns=["status", *_FAILED])
        failed = rows.filter(pc.equal(rows["status"], "failed"))
        return failed.select(list(_FAILED)).cast(pa.schema(_FAILED))
    # Its hash may be noted and right, and the file no table of ours all the same.
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        allowed = "as a sweep wrote it; without the file its runs are lived again"
        raise InputError(str(path), f"is no table of runs: {error}", allowed) from error
