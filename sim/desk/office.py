"""What a desk for an office keeps: who may come in, and the plans of each, in one folder that is backed up whole."""

from __future__ import annotations

import re
from pathlib import Path

from sim import files
from sim.desk.session import LARGEST_FILE, Session, read, write
from sim.errors import InputError

USERS = "users.txt"
"""In the folder: a line for each who may come in, ``name:password``."""

MOST_PLANS = 50
"""Plans that one user keeps: with the size of a session, what one can fill of the disk."""

LONGEST_NAME = 40

_LINE = re.compile(r"([\w.-]{1,32}):(\S.{6,198}\S)")


def users(folder: Path) -> dict[str, str]:
    """Passwords by name, of an office's folder.

    Args:
        folder: The office's.

    Raises:
        InputError: There is no such file, or a line of it says no name and password.
    """
    path, allowed = folder / USERS, "lines such as 张工:a password of 8 letters or more"
    try:
        lines = files.read_bytes(path, 200_000).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "is no text"
        raise InputError(str(path), problem, allowed) from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        said = _LINE.fullmatch(line.strip())
        # A name is a folder's too. What a line says is not repeated: there is a password in it.
        if said is None or not said[1].strip("."):
            problem = "is no name of up to 32 letters, digits, _ . -, a colon, and a password of 8 to 200 letters"
            raise InputError(f"{path}, line {number}", problem, allowed)
        if said[1] in found:
            raise InputError(
                f"{path}, line {number}", f"names {said[1]} once more", "each name once"
            )
        found[said[1]] = said[2]
    if not found:
        raise InputError(str(path), "names nobody", allowed)
    return found


class Plans:
    """The plans that one user keeps on the server.

    Args:
        folder: The office's.
        user: As in its file of users.
    """

    def __init__(self, folder: Path, user: str) -> None:
        self._folder = folder / "plans" / user

    def names(self) -> list[str]:
        """What is kept, the latest first."""
        if not self._folder.is_dir():
            return []
        found = sorted(self._folder.glob("*.json"), key=lambda path: -path.stat().st_mtime)
        return [path.stem for path in found]

    def keep(self, name: str, session: Session) -> str:
        """Keep a session, in place of one of that name.

        Returns:
            The name that it has now, fit for a file.

        Raises:
            InputError: Without a name, with a long one or one that would take another plan's place, too many, or
                a disk that takes no more.
        """
        named = re.sub(r"[^\w（）()-]+", "_", name).strip("_")
        if not 1 <= len(named) <= LONGEST_NAME:
            problem = f"has {len(named)} letters" if named else "is empty"
            raise InputError("name", problem, f"1 to {LONGEST_NAME} letters")
        kept = self.names()
        if named in kept and named != name.strip():
            # Two names may come to the same file, and what is kept is not lost to another plan.
            raise InputError(
                "name",
                f"{name!r} would take the place of {named}",
                f"{named} itself, or another name",
            )
        if named not in kept and len(kept) >= MOST_PLANS:
            raise InputError("plans", f"{len(kept)} are kept", f"at most {MOST_PLANS}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with files.whole(self._path(named)) as part:
                part.write_bytes(write(session).encode())
        except OSError as error:
            raise InputError(
                "plans", error.strerror or str(error), "a folder of the desk with room"
            ) from None
        return named

    def get(self, name: str) -> Session:
        """A session that was kept.

        Raises:
            InputError: There is none, or it cannot be read.
        """
        try:
            return read(files.read_bytes(self._path(name), LARGEST_FILE))
        except OSError as error:
            raise InputError("plans", error.strerror or str(error), "one of the list") from None

    def drop(self, name: str) -> None:
        """Take one away."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
