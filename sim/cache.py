"""Where compiled rules are kept between runs: a folder named after the text of all rules.

Numba keeps a compiled function as long as its own file is unchanged, though it holds a copy of every
function it calls; so a change in any file of rules leads to another folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

_HOME = Path(__file__).parent

UNUSED_DAYS = 14
"""Days after which the rules of another version are taken away."""


def rules() -> list[Path]:
    """Files whose text a compiled rule may hold: rules, and what says where columns and parameters lie."""
    files = [_HOME / name for name in ("compiled.py", "streams.py", "schema.py", "month.py")]
    for declares in ("agents", "measures", "processes", "society", "world"):
        files += sorted(_HOME.glob(f"{declares}/*.py"))
    return files


def folder() -> Path:
    """Folder of the rules as they stand, below ``NUMBA_CACHE_DIR`` where that is set."""
    text = b"".join(path.read_bytes() for path in rules())
    home = Path(os.environ.get("NUMBA_CACHE_DIR") or _HOME / "__pycache__")
    return home / f"rules-{hashlib.sha256(text).hexdigest()[:12]}"


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
