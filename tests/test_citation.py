"""The citation file: what the format 1.2.0 asks for, and nothing that is not known."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

from sim import __version__

ROOT = Path(__file__).parents[1]
REQUIRED = {"cff-version", "message", "title", "authors"}
KNOWN = REQUIRED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license",
    "license-url", "preferred-citation", "references", "repository", "repository-artifact",
    "repository-code", "type", "url", "version",
}  # fmt: skip
"""Top-level keys of the Citation File Format 1.2.0."""

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_it_is_valid_and_names_its_authors() -> None:
    assert REQUIRED <= CITATION.keys() <= KNOWN
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    assert CITATION["authors"] == [{"name": "The xiaoqu developers"}]
    assert all(isinstance(CITATION[key], str) and CITATION[key] for key in ("message", "title"))
    assert all(isinstance(word, str) for word in CITATION["keywords"])


def test_it_agrees_with_the_package() -> None:
    """Catches a version or licence that was changed in one place only."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert CITATION["version"] == __version__ == project.get("version", __version__)
    assert str(CITATION["license"]) in str(project["license"])


def test_nothing_is_invented() -> None:
    """There is no repository and no DOI yet; an identifier that leads nowhere is worse than none."""
    unknown = {"doi", "identifiers", "repository", "repository-code", "repository-artifact", "url"}
    assert not unknown & CITATION.keys()
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert not re.search(r"https?://|\b10\.\d{4,}/", text)
