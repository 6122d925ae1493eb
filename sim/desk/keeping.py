"""What the browser keeps of a session, so that a reload or a restart loses nothing."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

from nicegui import ui

from sim.desk import compound
from sim.desk.session import Session, packed, unpacked
from sim.desk.visit import Visit
from sim.errors import InputError

SCRIPT = Path(__file__).with_name("keep.js")

PART = 300_000
"""Characters asked of the browser at a time: its line takes no message above 1 MB."""

MOST = 4_000_000
"""Characters kept; browsers take about 5 million."""

EVERY = 0.8
"""Seconds between two looks at whether something is to be kept."""


class Keeping:
    """Hands a session to the browser whenever it has changed.

    Args:
        visit: Whose session it is.
    """

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self._kept = visit.session

    def look(self) -> None:
        """Have the session kept if it is another one than last time."""
        session = self.visit.session
        if session is self._kept:
            return
        self._kept = session
        text = packed(session)
        if len(text) <= MOST:
            ui.run_javascript(f"desk.keep({json.dumps(text)})")

    async def kept(self) -> Session | None:
        """The session that the browser kept; None where it kept none, or one that cannot be read any more."""
        try:
            length = await ui.run_javascript("return desk.length()", timeout=10)
            if not isinstance(length, int) or not 0 < length <= MOST:
                return None
            parts = [
                await ui.run_javascript(f"return desk.part({at}, {at + PART})", timeout=20)
                for at in range(0, length, PART)
            ]
            return unpacked("".join(map(str, parts)))
        except (TimeoutError, InputError):
            return None

    def forget(self) -> None:
        """Begin with nothing kept."""
        ui.run_javascript("desk.forget()")


def file_name(session: Session, what: str, ending: str) -> str:
    """The name of a file to be taken away: compound, what it is, and the day."""
    title = compound.compound_of(session).scenario
    named = title.title_zh if session.language == "zh" else title.title
    plain = re.sub(r"[^\w（）()-]+", "_", named).strip("_")[:40]
    return f"{plain}-{what}-{date.today().isoformat()}.{ending}"
