"""Compiled rules on disk: kept by their text, and taken away when nobody uses them any more."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from sim import cache
from sim.compiled import kernel


def test_rules_that_no_start_used_for_long_are_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a folder of rules left by every version ever started, or the taking away of one in use."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    own, used, old, other = (
        cache.folder(), tmp_path / "rules-used", tmp_path / "rules-old", tmp_path / "somebodys",
    )  # fmt: skip
    long_ago = time.time() - (cache.UNUSED_DAYS + 1) * 86_400
    for folder in (own, used, old, other):
        folder.mkdir()
        (folder / "rule.nbc").write_bytes(b"x")
        if folder != used:
            os.utime(folder, (long_ago, long_ago))
    cache.prune()
    assert [p.name for p in sorted(tmp_path.iterdir())] == sorted([own.name, used.name, other.name])
    assert time.time() - own.stat().st_mtime < 60, "this start uses them"


def test_a_change_of_any_rule_leads_to_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a kept rule that holds a copy of another one's old text."""
    before = cache.folder()
    texts = {path: path.read_bytes() for path in cache.rules()}
    changed = next(path for path in texts if path.name == "fees.py")
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: texts[path] + (b"#" if path == changed else b"")
    )
    assert cache.folder() != before


def test_a_rule_that_stands_in_no_file_is_compiled_all_the_same() -> None:
    """Catches a rule typed at the prompt, or sent to a worker process, that is refused."""
    typed: dict[str, Any] = {}
    exec(compile("def twice(x):\n    return 2 * x\n", "<stdin>", "exec"), typed)
    twice = kernel(typed["twice"])
    assert twice(4) == 8 and twice.signatures
