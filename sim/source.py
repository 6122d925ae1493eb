"""Which source of xiaoqu this process runs: its hash as it was imported, and whether it still stands.

A hash taken later would be of files that this process may never have read.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from sim.errors import InputError

PACKAGE = Path(__file__).parent
if not PACKAGE.is_dir():
    raise ImportError(
        f"xiaoqu cannot run from inside an archive ({PACKAGE.parent}): its rules are compiled from files. "
        "Install it (pip install FILE), or unpack it and put the folder on the path"
    )


def files(folder: Path, pattern: str = "*.py") -> list[Path]:
    """Source files of a folder in order; what an editor leaves to mark that it has one open is none."""
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def _whole() -> list[Path]:
    """All code, and the bounds and directions of indicators, on which numbers hang too."""
    return [*files(PACKAGE, "**/*.py"), PACKAGE / "data" / "indicators.csv"]


def stamps(paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """When each file was last written (ns) and its size."""
    found = {}
    for path in paths:
        told = os.stat(path)
        found[path] = (told.st_mtime_ns, told.st_size)
    return found


def _hash() -> str:
    whole = hashlib.sha256()
    for path in _whole():
        whole.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        whole.update(path.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


IMPORTED = time.time()
"""When this process imported the package."""

_AT_IMPORT = stamps(_whole())
_DIGEST = _hash()


def digest() -> str:
    """First 16 digits of the SHA-256 of all source files, in a fixed order, as they were imported."""
    return _DIGEST


def check_unchanged() -> None:
    """Refuse to go on with code of before where its files have been edited since.

    Part of it may have been read before the edit and part after, and no hash would tell which.

    Raises:
        InputError: A source file has other content than when this process imported the package.
    """
    if stamps(_whole()) != _AT_IMPORT and _hash() != _DIGEST:
        problem = "its source files have changed since this Python began"
        raise InputError("xiaoqu", problem, "to start Python anew (in a notebook: its kernel)")
