"""What cannot be done is said before anything is lived."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from conftest import Command

from sim import source
from sim.compose import load_overrides, parse_sweep
from sim.experiments import executors
from sim.figures import style, tipping
from sim.questions import find

ROOT = Path(__file__).parents[1]

SCHEDULER = """
import asyncio
from distributed import Scheduler

async def serve():
    async with Scheduler(port=0, dashboard=False, host="127.0.0.1") as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()

asyncio.run(serve())
"""


@pytest.mark.parametrize(
    "words",
    [["run"], ["compare", "policies=[none,mediation]"], ["sweep", "fees.habit=1,2"],
     ["attribute", "policy=[mediation,greening]"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_missing_file_of_households(
    xiaoqu: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    """Catches a file that is missed by every run alone."""
    monkeypatch.setattr("sim.model.NeighborhoodModel.run", None)
    asked = [*words, "population.household_file=missing.csv", "--out", str(tmp_path / "out")]
    code, _, said = xiaoqu(*asked)
    assert code == 2 and said.startswith("error: missing.csv: cannot be read")
    assert said.count("\n") == 1 and not (tmp_path / "out").exists()


def test_tipping_takes_policies_of_ones_own(tmp_path: Path) -> None:
    """Catches a figure that looks for them among ours, after all has been lived."""
    policy = tmp_path / "policy" / "mine.yaml"
    policy.parent.mkdir()
    policy.write_text("title: Mine\ntitle_zh: 我的\nmeasures: {member_contact: {}}\n")
    question = find("tipping").ask_words(["parts=push", "policies=[mine]"], tmp_path)
    rows = [{"policy": "mine", "kind": kind, "smallest": 1.0, "greatest": 2.0, "fails": 0.5, "held": 1.0, "even": True}
            for kind in ("dose", "months")]  # fmt: skip
    empty = pd.DataFrame()
    made = tipping.push(
        question.ANSWER(question, empty, empty, empty, pd.DataFrame(rows), empty), "zh"
    )
    assert "我的" in [label.get_text() for label in made.axes[0].get_yticklabels()]


def test_two_plugins_of_one_name(xiaoqu: Command, tmp_path: Path) -> None:
    """Catches rules of the one that are taken for those of the other."""
    files = [tmp_path / place / "mine.py" for place in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        file.write_text("raise RuntimeError('was run')\n")
    code, _, said = xiaoqu("list", "--plugin", str(files[0]), "--plugin", str(files[1]))
    assert code == 2 and "have one name; allowed: files of different names" in said


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and waited for no longer than is told."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 1)
    with subprocess.Popen(
        [sys.executable, "-c", SCHEDULER], stdout=subprocess.PIPE, text=True
    ) as scheduler:
        try:
            assert scheduler.stdout is not None
            address = scheduler.stdout.readline().strip()
            config = load_overrides(["executor.kind=dask", f"executor.address={address}"])
            with pytest.raises(ValueError, match="has no workers, and none came in 1 s"):
                next(executors.spread(config.executor, len, ["a"]))
        finally:
            scheduler.kill()


def test_settings_of_others_do_not_change_a_figure() -> None:
    """Catches a matplotlibrc of the working folder, or of the user, in our figures."""

    def drawn() -> str:
        with style.journal_style("en"):
            figure = style.new_figure(2, 2)
            figure.subplots().plot([0, 1], label="a_b")
        return style.figure_as_svg(figure)

    usual = drawn()
    with mpl.rc_context({"axes.facecolor": "red", "lines.linewidth": 9, "savefig.bbox": "tight"}):
        assert drawn() == usual


def test_a_broken_matplotlibrc_is_a_line(
    xiaoqu: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Catches a trace of a library that reads it when it is imported."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "matplotlibrc").write_bytes(b"\xff\xfe broken")
    code, _, said = xiaoqu("list", "groups")
    assert code == 2 and said.startswith("error: matplotlibrc: ") and said.count("\n") == 1


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [("policy.measures.党员联系.measure=member_contact", "policy.measures.党员联系.measure", "member_contact"),
     ("policy.measures={党员: {measure: mediation}}", "policy.measures", {"党员": {"measure": "mediation"}}),
     ("scenario.title_zh=康桥名邸（二期）", "scenario.title_zh", "康桥名邸（二期）"),
     ("~policy.measures.党员", "~policy.measures.党员", None),
     ("scenario.title_zh='甲, 乙'", "scenario.title_zh", "甲, 乙")],
)  # fmt: skip
def test_chinese_words_on_the_command_line(word: str, key: str, value: object) -> None:
    """Catches a label or a title that Hydra's grammar has no letters for."""
    assert parse_sweep(word) == (key, value)


def test_an_editors_lock_link_is_no_source(tmp_path: Path) -> None:
    """Emacs leaves a link to nowhere beside a file that it has open."""
    (tmp_path / "a.py").write_text("")
    (tmp_path / ".#a.py").symlink_to("somebody@nowhere.1:2")
    assert source.files(tmp_path) == source.files(tmp_path, "**/*.py") == [tmp_path / "a.py"]


def test_what_a_plugin_prints_is_no_part_of_the_answer(xiaoqu: Command, tmp_path: Path) -> None:
    """A script reads the folder from standard output."""
    file = tmp_path / "loud_at_start.py"
    file.write_text("print('loud')\n", encoding="utf-8")
    code, out, err = xiaoqu("run", "--cfg", "job", "--plugin", str(file))
    assert (code, "loud" in out, "loud" in err) == (0, False, True)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_rule_prints_is_no_part_of_the_answer(tmp_path: Path, workers: int) -> None:
    file = tmp_path / f"loud_rule_{workers}.py"
    file.write_text(
        "from sim.own import How, change_month, process\n\n\n"
        "@process(How.WORLD)\ndef shout(world):\n    'Shout.'\n    print('loud')\n\n\n"
        "@change_month\ndef with_shout(month):\n    return month.after('perceive', shout)\n",
        encoding="utf-8",
    )
    words = [
        "scenario=ordinary_estate", "population.households=60", "population.buildings=2",
        "scenario.history_months=2", "months=2", "replications=2", f"executor.workers={workers}",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "sim", "run", *words, "-q", "--plugin", str(file)],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, timeout=200, check=True,
    )  # fmt: skip
    assert "loud" in done.stderr
    assert done.stdout.startswith("results")
    assert len(done.stdout.splitlines()) == 1


def test_an_option_that_is_a_word_of_report(xiaoqu: Command, tmp_path: Path) -> None:
    code, _, err = xiaoqu("report", str(tmp_path), "--lang", "zh")
    assert code == 2
    assert "did you mean lang=...?" in err
