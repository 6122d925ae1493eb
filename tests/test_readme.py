"""Every command that a reader is told to type can be typed."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from sim import cli

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.zh-CN.md", "docs/tutorial.md", "docs/howto.md")
SLOW = {
    "validate",
    "reproduce",
    "desk",
    "report",
    "rerun",
    "mcp",
    "explore",
    "export",
    "bundle",
    "predict",
    "collect",
}
"""Minutes each, or tested elsewhere; that they are there is seen from their help."""

SMALL = ["months=2", "replications=2", "executor=serial"]


def commands(page: str) -> list[list[str]]:
    text = (ROOT / page).read_text(encoding="utf-8")
    # Blocks of all languages, so that the end of one is not taken for the beginning of the next.
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for language, block in blocks if not language for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("xiaoqu ")]


def test_both_languages_tell_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh-CN.md")
    assert len(commands("README.md")) > 10


EACH = sorted({tuple(words) for page in PAGES for words in commands(page)})


@pytest.mark.parametrize("words", EACH, ids=" ".join)
def test_it_does_what_is_said(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a key, name or option that no longer exists."""
    monkeypatch.chdir(ROOT)
    (tmp_path / "mine" / "scenarios").mkdir(parents=True)
    shutil.copy(ROOT / "scenarios/my_compound.yaml", tmp_path / "mine/scenarios/my_compound.yaml")
    given = [str(tmp_path / "mine") if word == "mine" else word for word in words]
    if words[0] in ("run", "compare", "why"):
        small = ["at=2"] if words[0] == "why" else SMALL
        given += [*small, "--quiet", "--out", str(tmp_path)]
        monkeypatch.setattr("sim.experiments.answers.Answer.keep_figures", lambda answer, *_: [])
    elif words[0] == "compound":
        given += ["--quiet", "--out", str(tmp_path)]
    elif words[0] == "sweep":
        given += ["--cfg", "job"]
    elif words[0] in SLOW:
        given = [words[0], "--help"]
    with pytest.raises(SystemExit) as ended:
        cli.main(given)
    assert not ended.value.code


def test_the_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    for page in ("README.md", "README.zh-CN.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        small = code.replace("months=24", "months=2, replications=1, executor='serial'")
        assert small != code
        exec(compile(small, page, "exec"), {})
        assert "collection_rate" in capsys.readouterr().out


def test_the_readme_comes_to_the_point() -> None:
    """Catches a page whose reader must scroll for Python, and a long table that crept back."""
    for page in ("README.md", "README.zh-CN.md"):
        lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
        assert lines.index("```python") < 30 and len(lines) < 120
        links = re.findall(r"\]\(([^)#]+)", "\n".join(lines))
        assert not [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert "<!-- table" not in "\n".join(lines)


LLMS = (ROOT / "llms.txt").read_text(encoding="utf-8")


def test_what_a_language_model_reads_names_every_command_and_pages_that_are_there() -> None:
    """Catches a command or page that was added, renamed or taken away without ``llms.txt``."""
    named = re.findall(r"^- `xiaoqu ([a-z]+)", LLMS, re.MULTILINE)
    there = [
        c.name or c.callback.__name__
        for c in cli.app.registered_commands
        if c.callback and not c.hidden
    ]
    assert sorted(named) == sorted(there)
    links = re.findall(r"\]\(([^)]+)\)", LLMS)
    assert not [link for link in links if not (ROOT / link).is_file()]
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} - {"docs/index.md"}
    assert pages <= set(links)


def test_what_a_language_model_reads_is_among_the_documents_too() -> None:
    ours = re.sub(r"\]\((docs/)?([^)]+)\)", _seen_from_docs, LLMS)
    kept = (ROOT / "docs" / "llms.txt").read_text(encoding="utf-8")
    assert kept == ours, "docs/llms.txt is llms.txt with its links as seen from docs/"


def _seen_from_docs(link: re.Match[str]) -> str:
    return f"]({link[2]})" if link[1] else f"](../{link[2]})"


def test_the_citation_names_this_version() -> None:
    """Catches a release whose citation was forgotten, and a file that GitHub cannot read."""
    import yaml

    from sim import __version__

    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    needed = {"cff-version", "title", "message", "authors", "version", "license", "type"}
    assert needed <= set(said) and said["version"] == __version__
    assert said["authors"] and all(set(a) & {"name", "family-names"} for a in said["authors"])
