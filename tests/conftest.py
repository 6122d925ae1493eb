"""What several test files share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from sim.config import Config

Command = Callable[..., tuple[int, str, str]]


def usual_doubt(usual: str) -> None:
    """Let configurations that say nothing of it live many parameter sets (on) or one (off)."""
    Config.model_fields["doubt"].default = usual
    Config.model_rebuild(force=True)


# Most tests hold numbers of one parameter set; those of doubt, and of what is shipped, take ``as_shipped``.
usual_doubt("off")


@pytest.fixture
def as_shipped() -> Iterator[None]:
    """The default that users have: each seed lives a parameter set of its own."""
    usual_doubt("on")
    yield
    usual_doubt("off")


def assert_same_tables(one: Path | None, two: Path | None) -> None:
    """Two folders of one name that hold the same Parquet files, byte for byte."""
    assert one is not None and two is not None and one.name == two.name
    tables = [{f.name: f.read_bytes() for f in folder.glob("*.parquet")} for folder in (one, two)]
    assert tables[0], "no table was kept"
    assert tables[0].keys() == tables[1].keys()
    for name, kept in tables[0].items():
        assert kept == tables[1][name], name


def assert_version_told(folder: Path | None, library: str) -> None:
    """A kept answer whose manifest names the version of a library that it was computed with."""
    assert folder is not None
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["versions"][library] == metadata.version(library)


@pytest.fixture(autouse=True)
def _own_parts_taken_back() -> Iterator[None]:
    """What a test gives, another does not find: a month changed by one file would be lived by all after it."""
    yield
    own = sys.modules.get("sim.own")
    if own is not None:
        own.forget()
    outcomes = sys.modules.get("sim.outcomes")
    if outcomes is not None:
        outcomes.forget_indicators()


@pytest.fixture
def xiaoqu(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process: words in, (exit code, stdout, stderr) out."""
    from sim.cli import main

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = 0
        try:
            main(list(words))
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command
