"""A terminal that shows text as text: no name can colour, move or break what is printed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from sim.as_text import clean


class Terminal(Console):
    """A console of rich without its markup: what is bold is said by a style.

    Args:
        settings: As of ``rich.console.Console``.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **settings})

    def render_str(self, text: str, **settings: Any) -> Text:
        """Every text that is printed or stands in a table comes through here."""
        return super().render_str(clean(text, lines=True), **settings)
