"""Files that somebody else may have made: only regular ones are opened, and never without end.

While a question is answered its files are ``held``: all runs, here and in worker processes, read what
they held when it was asked, whatever becomes of them meanwhile.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from sim.errors import InputError

LARGEST_JSON = 64 * 2**20

_held: ContextVar[Mapping[str, bytes]] = ContextVar("held files", default={})  # noqa: B039


@contextmanager
def held(contents: Mapping[str, bytes]) -> Iterator[None]:
    """Let files be read as they were.

    Args:
        contents: What each holds, by its path as it is named.
    """
    # As ``Path`` spells them: "./a.csv" is "a.csv".
    named = {str(Path(path)): data for path, data in contents.items()}
    before = _held.set({**_held.get(), **named})
    try:
        yield
    finally:
        _held.reset(before)


def content_hash(path: str) -> str:
    """SHA-256 of what a file holds, "missing" where it cannot be read."""
    held = _held.get().get(str(Path(path)))
    if held is not None:
        return hashlib.sha256(held).hexdigest()
    try:
        check_regular(Path(path))
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, InputError):
        return "missing"


def check_regular(path: Path) -> None:
    """Refuse pipes and devices, at which a reader waits or never comes to an end.

    Raises:
        InputError: It is neither a file nor a folder.
        OSError: It is not there, or cannot be looked at.
    """
    mode = path.stat().st_mode
    # A folder cannot be opened either, and the system says so itself.
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise InputError(str(path), "is a pipe or a device", "a regular file")


def read_bytes(path: Path, most: int) -> bytes:
    """Content of a regular file.

    Raises:
        InputError: It is no regular file, or holds more than ``most`` bytes.
        OSError: It cannot be read.
    """
    held = _held.get().get(str(path))
    if held is not None:
        return held
    check_regular(path)
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        size = max(len(data), path.stat().st_size)
        raise InputError(str(path), f"{size} bytes", f"at most {most}")
    return data


def process_alive(number: int) -> bool:
    """Whether a process of this machine is still at work; True where it cannot be asked."""
    # Elsewhere than on POSIX asking would end it.
    if os.name != "posix":
        return True
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all: whoever has the old one open never sees half of the new one.

    Args:
        path: The file; its folder must be there.

    Yields:
        Path beside it to write to. It takes the file's place in the end, and goes if writing fails; those that
        killed processes left go too.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        process = left.name.split(".")[-2]
        if process.isdecimal() and not process_alive(int(process)):
            left.unlink(missing_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def own_name(kind: str) -> str:
    """Beginning of the name of something temporary: what it is for, and whose it is."""
    return f"xiaoqu-{kind}-{os.getpid()}-"


def clear_leftovers(kind: str) -> None:
    """Take away what processes left in the temporary folder that were killed since."""
    for path in Path(tempfile.gettempdir()).glob(f"xiaoqu-{kind}-*"):
        process = path.name.removeprefix(f"xiaoqu-{kind}-").partition("-")[0]
        if not process.isdecimal() or process_alive(int(process)):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def refuse_twice(keys: Iterable[tuple[str, Any]]) -> None:
    """Refuse keys of which one stands twice, as whoever reads them takes one and forgets the other.

    Args:
        keys: Where each stands, and the key.

    Raises:
        InputError: Names where and the key.
    """
    seen = set()
    for where, key in keys:
        if key in seen:
            raise InputError(where, f"has the key {key} twice", "each key once")
        seen.add(key)


def each_once(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What an object of JSON holds, for ``json.loads``.

    Raises:
        InputError: A key of it stands twice.
    """
    refuse_twice((where, key) for key, _ in pairs)
    return dict(pairs)


def refuse_misread(node: Any, name: str) -> None:
    """Refuse numbers of a YAML file that are read as others than they look: 010 as 8, 1:30 as 90; keys twice.

    Args:
        node: A node of it; of what lies within nothing is said.
        name: What the file is called.

    Raises:
        InputError: Names file, line and value.
    """
    where = _where(node, name)
    if node.id == "mapping":
        refuse_twice((_where(key, name), str(key.value)) for key, _ in node.value)
    if getattr(node, "style", "") or not str(node.tag).endswith((":int", ":float")):
        return
    text = str(node.value)
    octal = node.tag.endswith(":int") and re.match(r"[-+]?0[0-9_]", text)
    if octal or ":" in text:
        said = "a number of base 8" if octal else "a number of base 60"
        raise InputError(
            where,
            f"{text} is {said} in YAML",
            "a number without 0 in front or :, or text in quotes",
        )


def _where(node: Any, name: str) -> str:
    return f"{name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def read_json(path: Path, allowed: str) -> Any:
    """What a JSON file holds.

    Args:
        path: The file.
        allowed: What is told to be allowed if it cannot be read.

    Raises:
        InputError: It is not there, cannot be read or is no JSON that could be written as text.
    """
    try:
        found = json.loads(
            read_bytes(path, LARGEST_JSON), object_pairs_hook=partial(each_once, str(path))
        )
        # Half of a letter can be named in JSON, and no page or table of ours could hold it.
        json.dumps(found, ensure_ascii=False).encode()
    except InputError:
        raise
    except UnicodeEncodeError as error:
        raise InputError(str(path), "holds half of a letter (a surrogate)", allowed) from error
    except (OSError, ValueError, RecursionError) as error:
        problem = getattr(error, "strerror", None) or "is not JSON"
        raise InputError(str(path), problem, allowed) from error
    return found
