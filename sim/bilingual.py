"""Texts of tables, figures and readers of files: ``data/texts.csv``, English and Chinese side by side."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


def texts_of(module: str) -> dict[str, dict[str, str]]:
    """The texts of one module, by language ("en", "zh") and key, in the order of the file.

    Args:
        module: Its ``__name__``.
    """
    return _all()[module]


@cache
def _all() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = {}
    with files("sim").joinpath("data/texts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_language = found.setdefault(row["module"], {"en": {}, "zh": {}})
            for language, texts in by_language.items():
                texts[row["key"]] = row[language]
    return found
