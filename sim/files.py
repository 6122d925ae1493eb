"""Files that somebody else may have made: only regular ones are opened, and never without end."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from sim.errors import InputError

LARGEST_JSON = 64 * 2**20


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
    check_regular(path)
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        size = max(len(data), path.stat().st_size)
        raise InputError(str(path), f"{size} bytes", f"at most {most}")
    return data


def read_json(path: Path, allowed: str) -> Any:
    """What a JSON file holds.

    Args:
        path: The file.
        allowed: What is told to be allowed if it cannot be read.

    Raises:
        InputError: It is not there, cannot be read or is no JSON that could be written as text.
    """
    try:
        found = json.loads(read_bytes(path, LARGEST_JSON))
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
