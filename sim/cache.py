"""Where compiled rules are kept between runs: a folder named after the text of all rules.

Numba keeps a compiled function as long as its own file is unchanged, though it holds a copy of every
function it calls; so a change in any file of rules leads to another folder.
"""

from __future__ import annotations

import atexit
import getpass
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from sim import source
from sim.errors import InputError
from sim.files import own_name

_HOME = Path(__file__).parent

UNUSED_DAYS = 14
"""Days after which the rules of another version are taken away."""


def rules() -> list[Path]:
    """Files whose text a compiled rule may hold: rules, and what says where columns and parameters lie."""
    files = [_HOME / name for name in ("compiled.py", "streams.py", "schema.py", "month.py")]
    for declares in ("agents", "measures", "processes", "society", "world"):
        files += source.files(_HOME / declares)
    return files


def folder() -> Path:
    """Folder of the rules as they stand, below ``NUMBA_CACHE_DIR`` where that is set.

    Else below the package, or where that cannot be written to, the user's own folder for such things, or
    one in the temporary folder that nobody else can write to.

    Raises:
        InputError: ``NUMBA_CACHE_DIR`` cannot be written to.
    """
    text = b"".join(path.read_bytes() for path in rules())
    return _home() / f"rules-{hashlib.sha256(text).hexdigest()[:12]}"


def _home() -> Path:
    asked = os.environ.get("NUMBA_CACHE_DIR")
    if asked:
        if not _writable(Path(asked)):
            allowed = "a folder that can be written to, or unset"
            raise InputError("NUMBA_CACHE_DIR", f"{asked!r} cannot be written to", allowed)
        return Path(asked)
    places = [_HOME / "__pycache__"]
    with suppress(RuntimeError):  # this user has no home
        places.append(Path.home() / ".cache" / "xiaoqu")
    return next(filter(_writable, places), None) or _temporary()


def _writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
    except OSError:
        return False
    return True


@lru_cache(maxsize=1)
def _temporary() -> Path:
    """A folder for this user alone: whoever could write there could have his code run."""
    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    place = Path(tempfile.gettempdir()) / f"xiaoqu-rules-{user}"
    with suppress(OSError):
        place.mkdir(mode=0o700, exist_ok=True)
    told = place.lstat() if os.path.lexists(place) else None
    if (
        told is None
        or not stat.S_ISDIR(told.st_mode)
        or told.st_mode & 0o077
        or (hasattr(os, "getuid") and told.st_uid != os.getuid())
    ):
        place = Path(tempfile.mkdtemp(prefix=own_name("rules")))
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        # Processes of ours find it there.
        os.environ["NUMBA_CACHE_DIR"] = str(place)
    print(
        f"rules are compiled into {place}, as neither xiaoqu's folder nor a home can be written to; "
        "NUMBA_CACHE_DIR=FOLDER keeps them elsewhere", file=sys.stderr,
    )  # fmt: skip
    return place


SEAL = 16
"""Bytes at the end of a compiled rule's file that tell whether it is as it was written."""


def sealed(name: str, data: bytes) -> bytes:
    """What is kept in a file of this name, with its seal."""
    return data + _seal(name, data)


def unsealed(name: str, kept: bytes) -> bytes | None:
    """What was kept; None where the file was damaged, cut or is another's."""
    data = kept[:-SEAL]
    return data if len(kept) > SEAL and kept[-SEAL:] == _seal(name, data) else None


def _seal(name: str, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=SEAL, key=name.encode()[-64:]).digest()


def prune() -> None:
    """Take away folders of rules that no start has used for ``UNUSED_DAYS``, and mark this one as used."""
    own = folder()
    with suppress(OSError):
        if own.is_dir():
            os.utime(own)
        for other in own.parent.glob("rules-*"):
            if other != own and time.time() - other.stat().st_mtime > UNUSED_DAYS * 86_400:
                shutil.rmtree(other, ignore_errors=True)


def rules_compiled() -> int:
    """How many compiled rules earlier starts, and this one so far, have left there."""
    return sum(1 for _ in folder().rglob("*.nbc"))
