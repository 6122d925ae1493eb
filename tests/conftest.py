"""What several test files share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

Command = Callable[..., tuple[int, str, str]]


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
    """What a test gives, another does not find: a file given by ``--plugin`` is in force in this process."""
    yield
    own = sys.modules.get("sim.own")
    if own is not None and own.GIVEN:
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
