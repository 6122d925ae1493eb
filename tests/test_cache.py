"""Compiled rules on disk: kept by their text, and taken away when nobody uses them any more."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sim import cache
from sim.compiled import _Sealed, kernel
from sim.errors import InputError


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


@pytest.mark.parametrize("damage", ["cut", "bent", "another's", "empty", "gone"])
@pytest.mark.parametrize("which", ["nbi", "nbc"])
def test_a_damaged_rule_is_made_anew(tmp_path: Path, which: str, damage: str) -> None:
    """Catches bent machine code that is run, and a trace of what cannot be unpacked."""

    def opened() -> _Sealed:
        return _Sealed(str(tmp_path), "rule", "stamp")

    opened().save("key", {"code": b"x" * 100})
    assert opened().load("key") == {"code": b"x" * 100}
    path = next(tmp_path.glob(f"*.{which}"))
    whole = path.read_bytes()
    bent = {"cut": whole[:-9], "bent": whole[:30] + b"\0" + whole[31:], "empty": b""}
    if damage == "gone":
        path.unlink()
    elif damage == "another's":
        other = _Sealed(str(tmp_path), "other", "stamp")
        other.save("key", {"code": b"y"})
        path.write_bytes(next(tmp_path.glob(f"other*.{which}")).read_bytes())
    else:
        path.write_bytes(bent[damage])
    assert opened().load("key") is None
    opened().save("key", {"code": b"z"})
    assert opened().load("key") == {"code": b"z"}


def test_a_rule_that_cannot_be_kept_is_run_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches runs that fail because the disk of the compiled rules is full."""

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_Sealed, "_write", full)
    for name in ("one", "two"):
        _Sealed(str(tmp_path), name, "stamp").save("key", {"code": b"x"})
    said = capsys.readouterr().err
    assert said.startswith("rules are compiled but not kept: ") and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_all_kept_rules_are_sealed() -> None:
    """Catches a rule whose files nobody looks at."""
    from sim.processes import chance, fees

    kept = [
        one for module in (chance, fees) for one in vars(module).values() if hasattr(one, "_cache")
    ]
    assert kept and all(isinstance(one._cache._cache_file, _Sealed) for one in kept)


def test_where_nothing_can_be_written_rules_go_to_a_folder_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A read-only installation without a home; and a folder of that name that others can write to is not used."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(cache, "_writable", lambda place: tmp_path in place.parents)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: Path("/nonexistent"))
    cache._temporary.cache_clear()
    place = cache.folder().parent
    assert place.parent == tmp_path and place.stat().st_mode & 0o777 == 0o700
    assert "NUMBA_CACHE_DIR=FOLDER keeps them elsewhere" in capsys.readouterr().err
    cache._temporary.cache_clear()
    place.chmod(0o777)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    assert cache.folder().parent != place
    cache._temporary.cache_clear()


def test_a_folder_that_was_asked_for_must_be_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches rules that are compiled at each start without a word."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/proc/none")
    with pytest.raises(InputError, match="NUMBA_CACHE_DIR: '/proc/none' cannot be written to"):
        cache.folder()


def test_an_archive_says_why_it_cannot_run(tmp_path: Path) -> None:
    """Catches a trace of a file that is not there, deep inside."""
    package = Path(cache.__file__).parent
    with zipfile.ZipFile(tmp_path / "xiaoqu.zip", "w") as made:
        for name in ("__init__.py", "source.py", "errors.py"):
            made.write(package / name, f"sim/{name}")
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'xiaoqu.zip')!r}); import sim"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert (
        done.returncode and "ImportError: xiaoqu cannot run from inside an archive" in done.stderr
    )


def test_rules_are_found_again_wherever_their_text_lies(tmp_path: Path) -> None:
    """Catches compiled rules that cannot be carried to another folder, or to text that was written later."""
    code = (
        "import numpy as np; from sim.world.numbers import pairwise_sum as rule;"
        "rule(np.arange(9.0)); print(sum(rule.stats.cache_hits.values()))"
    )
    found = []
    for place in ("here", "there"):
        shutil.copytree(
            Path(cache.__file__).parent, tmp_path / place / "sim",
            ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copyfile,
        )  # fmt: skip
        kept = {"NUMBA_CACHE_DIR": str(tmp_path / "rules"), "NUMBA_CPU_NAME": "generic"}
        env = {**os.environ, **kept, "PYTHONPATH": str(tmp_path / place)}
        words = [sys.executable, "-c", code]
        done = subprocess.run(words, capture_output=True, text=True, env=env, check=True)
        found.append(done.stdout.strip())
    assert found == ["0", "1"]
