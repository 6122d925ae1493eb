"""Labels and sentences in two languages, which stand side by side in ``sim/data/phrases.yaml``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("en", "zh")


def phrases(part: str) -> dict[str, Any]:
    """One part of the file by language: the same keys or list, with what stands there in that language.

    A phrase that one language does without is left out there.
    """
    tree = _file()[part]
    return {language: _in(tree, language) for language in LANGUAGES}


@cache
def _file() -> dict[str, Any]:
    # The reader in C takes some milliseconds, that in Python a fifth of a second.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files("sim").joinpath("data", "phrases.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, loader)
    return found


def _is_phrase(node: Any) -> bool:
    return isinstance(node, dict) and set(node) <= set(LANGUAGES)


def _in(node: Any, language: str) -> Any:
    if _is_phrase(node):
        return node[language]
    if isinstance(node, list):
        return [_in(one, language) for one in node]
    return {
        key: _in(one, language)
        for key, one in node.items()
        if not _is_phrase(one) or language in one
    }
