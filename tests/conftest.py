"""What several test files share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Command = Callable[..., tuple[int, str, str]]


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
