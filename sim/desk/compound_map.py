"""The map of a compound as an element of the page; how it is drawn stands in ``compound_map.js``."""

from __future__ import annotations

from dataclasses import asdict

from nicegui.element import Element

from sim.as_text import month_text, percent_text
from sim.desk.live import Film


class CompoundMap(Element, component="compound_map.js"):
    """A film of one run that the browser plays by itself.

    Args:
        film: What to show.
        words: Texts of the page whose names begin with ``map_``.
        language: "zh" or "en".
    """

    def __init__(self, film: Film, words: dict[str, str], language: str) -> None:
        super().__init__()
        for name, value in asdict(film).items():
            if name not in ("seed", "collected"):
                self._props[name] = value
        self._props["collected"] = [percent_text(share) for share in film.collected]
        self._props["when"] = [month_text(month, language) for month in film.months]
        self._props["words"] = {k: v for k, v in words.items() if k.startswith("map_")}
