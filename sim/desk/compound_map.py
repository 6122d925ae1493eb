"""The map of a compound as an element of the page; how it is drawn stands in ``compound_map.js``."""

from __future__ import annotations

from dataclasses import asdict

from nicegui.element import Element

from sim.desk.live import Film


class CompoundMap(Element, component="compound_map.js"):
    """A film of one run that the browser plays by itself.

    Args:
        film: What to show.
        words: Texts of the page whose names begin with ``map_``.
    """

    def __init__(self, film: Film, words: dict[str, str]) -> None:
        super().__init__()
        for name, value in asdict(film).items():
            if name != "seed":
                self._props[name] = value
        self._props["words"] = {k: v for k, v in words.items() if k.startswith("map_")}
