"""The command line: what it prints, its exit codes, and that it never shows a traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Command

from sim import __version__
from sim.compose import choices, load, titles
from sim.config import Config
from sim.measures import CATALOGUE
from sim.outcomes import INDICATORS

ROOT = Path(__file__).resolve().parents[1]
HEAVY = (
    "numba",
    "numpy",
    "pandas",
    "pydantic",
    "hydra",
    "omegaconf",
    "mesa",
    "matplotlib",
    "scipy",
)

posix = pytest.mark.skipif(os.name != "posix", reason="a shell with such files and bytes")


def python(*words: str, cwd: Path | None = None, **keys: Any) -> subprocess.CompletedProcess[str]:
    """Run the interpreter as a user would, from any folder."""
    # Without an empty part, which would be the working folder.
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True, text=True, cwd=cwd, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}, **keys,
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Questions that would be lived as a study; nothing is simulated."""
    calls: list[dict[str, Any]] = []

    def answer(question: Any, out: Path, progress: bool, **_: Any) -> SimpleNamespace:
        calls.append({"config": question.config, "out": out, "progress": progress})
        return SimpleNamespace(folder=Path("kept-here"), keep_figures=lambda *_: [])

    monkeypatch.setattr("sim.experiments.run.Question.answer", answer)
    return calls


# --- answers ---


def test_help_and_version_import_nothing_heavy(tmp_path: Path) -> None:
    code = f"""
        import sys
        from sim.cli import main
        for word in ("--help", "--version"):
            try:
                main([word])
            except SystemExit as end:
                assert not end.code
        sys.exit(", ".join(sorted(set(sys.modules) & set({HEAVY!r}))) or None)
    """
    done = python("-c", textwrap.dedent(code), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "xiaoqu run scenario=kangqiao" in done.stdout
    assert __version__ in done.stdout


def test_help_waits_for_nothing_large() -> None:
    """Catches a library at the head of a file that the help reads: it answered in a third of a second."""
    done = python("-X", "importtime", "-m", "sim", "--help")
    read = set(re.findall(r"\| +([a-z_]+)$", done.stderr, re.MULTILINE))
    assert done.returncode == 0 and "typer" in read
    assert not read & {
        "numba",
        "numpy",
        "pandas",
        "scipy",
        "mesa",
        "matplotlib",
        "networkx",
        "hydra",
    }


def test_list_shows_every_name(xiaoqu: Command) -> None:
    code, out, err = xiaoqu("list")
    assert (code, err) == (0, "")
    names = {line.split()[0] for line in out.splitlines() if line.strip()}
    assert names >= {*choices("scenario"), *choices("policy"), *CATALOGUE, *INDICATORS}


def test_listed_titles_are_those_of_the_files(xiaoqu: Command, tmp_path: Path) -> None:
    """Catches a title read from our file where a folder of one's own has the name, and one not found alone."""
    for group in ("scenario", "policy"):
        names = sorted(choices(group))
        measures = [name for name in names if name in CATALOGUE]
        for name in [name for name in names if name not in CATALOGUE] + measures[:2]:
            loaded = getattr(load(**{group: name}), group)
            alone = CATALOGUE.get(name)
            usual = (alone.en, alone.zh) if alone else ("", "")
            assert titles(group, name) == (loaded.title or usual[0], loaded.title_zh or usual[1])
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "none.yaml").write_text("title: Mine\ntitle_zh: 我的\nmeasures: {}\n")
    code, out, _ = xiaoqu("list", "policies", "--config-dir", str(tmp_path))
    assert code == 0 and "Mine" in out and "我的" in out


@pytest.mark.parametrize(
    ("kind", "has", "lacks"),
    [
        ("scenarios", "kangqiao", "member_contact"),
        ("policies", "five_level_linkage", "broken_promise"),
        ("measures", "member_contact", "broken_promise"),
        ("events", "broken_promise", "member_contact"),
        ("indicators", "collection_rate", "kangqiao"),
    ],
)
def test_list_of_one_kind(xiaoqu: Command, kind: str, has: str, lacks: str) -> None:
    code, out, _ = xiaoqu("list", kind)
    assert code == 0
    assert has in out
    assert lacks not in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("member_contact", "quota"),
        ("measure=member_contact", "Households for each active member"),
        ("member_contact.quota", "whole number from 1"),
        ("broken_promise", "(event)"),
        ("collection_rate", "formula: "),
        ("logit", "theory of paying (the default)"),
        ("theory=match", "use: fees.response=match"),
        ("kangqiao", "collection 70%"),
        ("scenario=kangqiao", "[004_56d13d5bc3bde075.txt]"),
        ("five_level_linkage", "firm_tender"),
        ("policy=none", "(policy)"),
        ("fees", "fees.norm_conditional"),
        ("fees.norm_conditional", "number from 0 to 10 (logit)"),
        ("issues.rate", "issues.rate.cleaning"),
        ("seed", "4294967295"),
        ("mechanisms.fees", "true or false"),
    ],
)
def test_explain(xiaoqu: Command, name: str, said: str) -> None:
    code, out, err = xiaoqu("explain", name)
    assert (code, err) == (0, "")
    assert said in out


@pytest.mark.parametrize("name", [*CATALOGUE, *INDICATORS, *Config.model_fields])
def test_explain_knows_everything_there_is(xiaoqu: Command, name: str) -> None:
    code, out, err = xiaoqu("explain", name)
    assert (code, err) == (0, "")
    assert name in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("member_contcat", "did you mean member_contact"),
        ("fees.norm_conditonal", "norm_conditional"),
        ("norm_conditional", "did you mean fees.norm_conditional?"),
        ("scenario=kangqio", "kangqiao"),
        ("member_contact.quotta", "quota"),
        ("theory=mach", "did you mean match"),
    ],
)
def test_explain_of_what_is_not_there_names_the_closest(
    xiaoqu: Command, name: str, said: str
) -> None:
    code, out, err = xiaoqu("explain", name)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert said in err
    assert err.count("\n") == 1


# --- run ---


def test_run_passes_on_what_was_asked(
    xiaoqu: Command, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    words = ["scenario=kangqiao", "policy=member_contact", "months=3"]
    code, out, _ = xiaoqu("run", *words, "--out", str(tmp_path), "--quiet")
    assert (code, out) == (0, "kept-here\n")
    (call,) = asked
    assert (call["out"], call["progress"]) == (tmp_path, False)
    assert call["config"].months == 3
    assert [entry.label for entry in call["config"].policy.entries()] == ["member_contact"]


def test_a_minus_in_a_value_is_no_option(xiaoqu: Command, asked: list[dict[str, Any]]) -> None:
    code, _, err = xiaoqu("run", "fees.base_conditional=-1.5", "-q")
    assert (code, err) == (0, "")
    assert asked[0]["config"].fees.base_conditional == -1.5


BAD = [
    ["monts=3"],
    ["fees.norm_conditonal=3"],
    ["policy.measures.member_contact.quotta=3"],
    ["scenario=kangqio"],
    ["policy=[none,member_contcat]"],
    ["months=abc"],
    ["months="],
    ["months"],
    ["months=0"],
    ["seed=" + "9" * 5000],
    ["fees.norm_conditional=nan"],
    ["fees.norm_conditional=-inf"],
    ["firm._target_=os.system"],
    ["scenario.name=${oc.env:HOME}"],
    ["months=[1,"],
    ["months=1,2"],
    ["hydra.run.dir=x"],
    ["months=3", "--config-dir", "nowhere"],
    ["months=3", "--plugin", "nowhere.py"],
]


@pytest.mark.parametrize("words", BAD, ids=lambda words: words[0][:40])
def test_bad_input_is_one_line_exit_2_and_leaves_nothing(
    xiaoqu: Command, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = xiaoqu("run", *words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_bad_input_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = python("-m", "sim", "run", "policy.measures.member_contact.quota=0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: policy.measures.member_contact.quota: 0 is not allowed")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["nonsense"], ["run", "--nonsense"], ["list", "nonsense"]])
def test_wrong_use_exits_2(xiaoqu: Command, words: list[str]) -> None:
    code, out, err = xiaoqu(*words)
    assert (code, out) == (2, "")
    assert "nonsense" in err


def test_a_failed_study_is_one_line(xiaoqu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise RuntimeError("every replication\nfailed")

    monkeypatch.setattr("sim.experiments.run.Question.answer", run)
    assert xiaoqu("run") == (1, "", "error: every replication failed\n")


def test_interrupt_is_one_line_and_130(xiaoqu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.experiments.run.Question.answer", run)
    assert xiaoqu("run") == (130, "", "interrupted\n")


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "sim", "list", "indicators"],
        stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    os.close(write)
    assert done.stderr == ""


# --- where the answer goes ---


def shell(line: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell, in which ``$XIAOQU`` is the command."""
    # Without an empty part, which would be the working folder.
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        ["sh", "-c", line], capture_output=True, cwd=cwd, timeout=120, check=False, text=True,
        encoding="utf-8", env={**os.environ, "PYTHONPATH": path, "XIAOQU": f"{sys.executable} -m sim", **env},
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
@pytest.mark.parametrize("words", ["list policies", "--help", "--version", "explain fees"])
def test_an_output_that_takes_nothing_is_one_line(words: str) -> None:
    done = shell(f"$XIAOQU {words} > /dev/full")
    assert (done.returncode, done.stderr) == (2, "error: output: No space left on device\n")


@posix
@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), (">&- 2>&-", 0), ("no >&- 2>&-", 2)])
def test_a_closed_output_is_no_error(closed: str, code: int) -> None:
    done = shell(f"$XIAOQU list indicators {closed}")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@posix
def test_an_output_without_chinese_letters_gets_the_others() -> None:
    done = shell("$XIAOQU list scenarios", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "kangqiao" in done.stdout and "??" in done.stdout


@posix
@pytest.mark.parametrize("words", ["run", "list", "sweep months=1,2", "report x"])
def test_a_folder_that_is_gone_is_one_line(tmp_path: Path, words: str) -> None:
    line = f"mkdir gone && cd gone && rmdir ../gone && $XIAOQU {words}"
    done = shell(line, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: working folder: cannot be found")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "word", ["scenario.name='\udcff'", "--out=\udcff", "question=\udcff", "\udcff"]
)
@pytest.mark.parametrize("command", ["run", "report", "list", "explain"])
def test_bytes_that_are_no_text_are_one_line(
    xiaoqu: Command, tmp_path: Path, command: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes of a command line that are no UTF-8 reach Python as half letters."""
    monkeypatch.chdir(tmp_path)
    code, out, err = xiaoqu(command, word)
    assert (code, out) == (2, "")
    assert err.startswith("error: word 2: ") and err.endswith("allowed: text in UTF-8\n")
    assert "\\udcff" in err and list(tmp_path.iterdir()) == []


SMALL = "population.households=60 population.buildings=1 months=2 replications=1 executor.workers=1"


@posix
def test_figures_are_drawn_whatever_backend_is_named(tmp_path: Path) -> None:
    done = shell(f"$XIAOQU run {SMALL} -q", cwd=tmp_path, MPLBACKEND="foo")
    assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / done.stdout.strip()).rglob("*.png"))


def test_called_from_python_the_backend_is_left_alone(
    xiaoqu: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "of my own")
    assert xiaoqu("--version")[0] == 0
    assert os.environ["MPLBACKEND"] == "of my own"


@posix
def test_rules_that_may_not_be_compiled_are_one_line(tmp_path: Path) -> None:
    done = shell(f"$XIAOQU run {SMALL} -q", cwd=tmp_path, NUMBA_DISABLE_JIT="1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: NUMBA_DISABLE_JIT: is set")
    assert done.stderr.count("\n") == 1


@posix
@pytest.mark.parametrize(
    ("key", "value"),
    [("NUMBA_NUM_THREADS", "0"), ("NUMBA_NUM_THREADS", "four"), ("PYTHONOPTIMIZE", "2")],
)
def test_an_environment_that_stops_it_is_one_line(tmp_path: Path, key: str, value: str) -> None:
    done = shell(f"$XIAOQU run {SMALL} -q", cwd=tmp_path, **{key: value})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert key.partition("_")[0] in done.stderr and list(tmp_path.iterdir()) == []


@posix
def test_a_place_for_rules_named_for_other_programs_plays_no_part(tmp_path: Path) -> None:
    done = shell("$XIAOQU explain month", cwd=tmp_path, NUMBA_CACHE_LOCATOR_CLASSES="os")
    assert (done.returncode, done.stderr) == (0, "")


def test_processes_do_not_run_what_lies_in_the_working_folder(tmp_path: Path) -> None:
    """Catches workers, and those who watch over them, that take a file there for a library."""
    for name in ("random", "numpy", "json", "sim", "calamine"):
        (tmp_path / f"{name}.py").write_text(f"open({name!r} + ' was run', 'w')", encoding="utf-8")
    words = [*SMALL.split()[:-1], "months=range(1,4)", "executor=processes", "executor.workers=2"]
    code = "import sys; del sys.path[0]; from sim.cli import main; main()"
    done = python("-c", code, "sweep", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.glob("*was run"))


# --- what happens in a month ---


def rows_of_month(out: str) -> dict[str, list[str]]:
    """Lines that ``explain month`` prints, by name of the process: run, switch, draws, what it does."""
    lines = [re.split(r" {2,}", line.strip()) for line in out.splitlines()[1:]]
    assert [int(line[0]) for line in lines] == list(range(1, len(lines) + 1))
    return {line[1]: line[2:] for line in lines}


def test_explain_month_prints_every_process_in_its_order(xiaoqu: Command) -> None:
    """Catches a process left out or told in another place, and a switch or stream that is not its own."""
    from sim.month import MONTH

    code, out, err = xiaoqu("explain", "month")
    assert (code, err) == (0, "")
    rows = rows_of_month(out)
    assert list(rows) == [process.name for process in MONTH]
    assert rows["pay"][:3] == ["compiled", "fees", "fees"] and "paid" in rows["pay"][3]
    assert rows["firms.close_books"][:3] == ["compiled", "institutions", "firm"]
    assert rows["begin_month"][:3] == ["compiled", "-", "-"]
    assert all(len(row) == 4 and row[3] for row in rows.values())


def test_everything_that_is_done_in_a_month_is_told_in_chinese() -> None:
    """Catches a rule whose English was written anew and whose Chinese was not, and Chinese of no rule."""
    from sim.month import MONTH, START
    from sim.processes.fees import THEORIES
    from sim.texts import CHINESE

    done = {process.doc for process in (*MONTH, *START, *THEORIES.values())}
    assert done == set(CHINESE)
    assert all(
        re.search("[\u4e00-\u9fff]", told) and told.endswith("。") for told in CHINESE.values()
    )


def test_explain_month_in_chinese(xiaoqu: Command, tmp_path: Path) -> None:
    """Catches a language that is asked for and not given, and columns that characters two places wide shift."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from sim.own import change_month, python\n"
        "def knock(world):\n    'Somebody knocks.'\n"
        "@change_month\n"
        "def knocking(month):\n    return month.replace('show', python(knock))\n",
        encoding="utf-8",
    )
    asked, options = ["policy=building_meetings", "fees.response=match"], ["--plugin", str(file)]
    code, out, err = xiaoqu("explain", "month", *asked, "--lang", "zh", *options)
    assert (code, err) == (0, "")
    rows = rows_of_month(out)
    assert rows["pay"] == [
        "编译",
        "fees",
        "fees",
        "物业费账单送达，住户按期缴清或形成欠费，并补缴以往欠费。",
    ]
    assert "条件合作者" in rows["would_pay"][3], (
        "the theory's own words, not those of the usual one"
    )
    assert rows["building_meetings"][3] == "楼宇会"
    assert rows["show"] == ["Python", "-", "-", "Somebody knocks."], (
        "of one's own, in one's own words"
    )
    head, *lines = out.splitlines()
    starts = {line.index(line.split()[2]) for line in lines}
    assert len(starts) == 1
    # Each of the two characters in the heads before it takes two places.
    assert starts == {head.index("运行方式") + len("过程")}


def test_explain_tells_of_a_theory_of_paying_in_the_language_asked(
    xiaoqu: Command, tmp_path: Path
) -> None:
    """Catches a theory that can be listed and chosen, and that nothing explains."""
    _, usual, _ = xiaoqu("explain", "match")
    assert "conditional cooperators repay a share" in usual and "default" not in usual
    _, told, _ = xiaoqu("explain", "logit", "--lang", "zh")
    assert told.startswith("logit：缴费理论（默认）") and "用法：fees.response=logit" in told
    file = tmp_path / "mine.py"
    file.write_text(
        "from sim.own import give_theory\n"
        "def all_pay(world):\n    'Everybody pays.'\n    world.households.willing[:] = 1.0\n"
        "give_theory('all_pay', all_pay)\n",
        encoding="utf-8",
    )
    code, own, err = xiaoqu("explain", "all_pay", "--plugin", str(file))
    assert (code, err) == (0, "")
    assert "Everybody pays." in own and "run: Python" in own and "fees.response=all_pay" in own


def test_the_draws_told_are_those_a_process_takes() -> None:
    """Catches a process that says another stream than the one in its rule, or none where it draws."""
    from sim.month import MONTH
    from sim.streams import Stream

    told = {process.name: process.stream for process in MONTH if "." not in process.name}
    used = {
        name: {int(stream) for stream in streams_in(MONTH.processes[MONTH.at(name)].run.py_func)}
        for name in told
    }
    assert used == {name: {stream} if stream else set() for name, stream in told.items()}
    assert int(Stream.VOICES) in told.values()


def streams_in(rule: Any) -> set[Any]:
    """Streams that a rule, and all that it calls, names as its module does: ``_FEES``, ``ARISE``."""
    from sim.streams import Stream

    named = {
        part: stream for stream in Stream for part in (stream.name, stream.name.split("_")[-1])
    }
    found = set()
    for name in rule.__code__.co_names:
        value = rule.__globals__.get(name)
        if hasattr(value, "py_func") and value.py_func.__module__ == rule.__module__:
            found |= streams_in(value.py_func)
        elif type(value) is int and value == named.get(name.lstrip("_")):
            found.add(named[name.lstrip("_")])
    return found


def test_explain_month_shows_measures_switches_and_own_parts_in_their_place(
    xiaoqu: Command, tmp_path: Path
) -> None:
    """Catches a month told as it is by default, whatever was asked."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from sim.outcomes import give_indicator\n"
        "give_indicator('mine', lambda compound: 1.0, en='Mine', formula='always one')\n",
        encoding="utf-8",
    )
    words = ["scenario=kangqiao", "policy=five_level_linkage", "mechanisms.fees=false"]
    code, out, _ = xiaoqu("explain", "month", *words, "--plugin", str(file))
    rows = rows_of_month(out)
    names = list(rows)
    assert code == 0 and "pay" not in rows and "would_pay" not in rows
    measures = names[names.index("streets.offer") + 1 : names.index("cells.settle")]
    assert "member_contact" in measures and "broken_promise" in measures
    assert names[-2:] == ["note", "note.mine"] and rows["note.mine"] == [
        "Python",
        "-",
        "-",
        "always one",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["month", "polcy=none"], "did you mean policy?"),
        (["month", "policy=nothing"], "policy"),
        (["fees", "policy=none"], "policy=none: is not asked for with fees"),
        (["mont"], "did you mean month"),
    ],
)
def test_explain_month_refuses_in_a_line(xiaoqu: Command, words: list[str], said: str) -> None:
    """Catches a typing error that shows another month, or a traceback."""
    code, out, err = xiaoqu("explain", *words)
    assert (code, out) == (2, "") and said in err and err.count("\n") == 1


# --- plugins ---

PLUGIN = """
from sim.measures import Measure, MeasureParameters, register
from sim.schema import param

class LanternParameters(MeasureParameters):
    lamps: int = param(3, "Lamps hung in each building", low=1, high=9, unit="lamp")

@register
class Lanterns(Measure):
    '''Lamps in the yard.'''
    name = "lanterns"
    en = "Lanterns"
    zh = "灯笼"
    Parameters = LanternParameters

    def act(self, compound, strength):
        pass
"""


def test_plugin_brings_a_measure_that_can_be_listed_explained_and_run(
    xiaoqu: Command, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN, encoding="utf-8")
    plugin = ["--plugin", str(file)]
    assert xiaoqu("run", "policy=lanterns")[0] == 2
    try:
        assert "Lanterns" in xiaoqu("list", "measures", *plugin)[1]
        assert "Lamps hung" in xiaoqu("explain", "lanterns", *plugin)[1]
        words = ["policy=lanterns", "policy.measures.lanterns.lamps=4", "-q"]
        assert xiaoqu("run", *words, *plugin)[0] == 0
        (entry,) = asked[0]["config"].policy.entries()
        assert entry.parameters.lamps == 4
        code, _, err = xiaoqu("run", "policy=lanterns", "policy.measures.lanterns.lamps=10")
        assert code == 2
        assert "from 1 to 9 (lamp)" in err
    finally:
        CATALOGUE.pop("lanterns", None)


def test_plugin_measure_reaches_a_worker_that_cannot_import_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN, encoding="utf-8")
    code = """
        from pathlib import Path
        from sim.cli import _load_plugins
        _load_plugins([Path("mine.py")])
        import joblib
        from sim.compose import load
        config = load(policy="lanterns")

        def labels(config):
            return [(e.label, e.parameters.lamps) for e in config.policy.entries()]

        print(joblib.Parallel(2)([joblib.delayed(labels)(config)]), config.fingerprint())
    """
    done = python("-c", textwrap.dedent(code), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[[('lanterns', 3)]]")


@pytest.mark.parametrize(
    "words",
    [
        ["run"], ["compare", "policies=[none]"], ["sweep"], ["why", "issue=first"], ["books"], ["sensitivity"],
        ["tipping"], ["calibrate"], ["predict"], ["attribute"], ["why"], ["optimise"], ["robustness"],
        ["report", "nowhere"], ["desk"], ["rerun", "nowhere"], ["verify", "nowhere", "x=1"],
        ["compound", "rate=0.5"], ["pool"], ["list"], ["explain", "month"], ["validate"],
    ],
)  # fmt: skip
def test_every_command_takes_files_of_ones_own(
    xiaoqu: Command, tmp_path: Path, words: list[str]
) -> None:
    """Catches a question that cannot be asked of somebody's own parts, or that lives before it reads them."""
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("import sys; print('read', file=sys.stderr)\n", encoding="utf-8")
    bad.write_text("import nowhere_to_be_found\n", encoding="utf-8")
    code, out, err = xiaoqu(*words, "--plugin", str(good), "--plugin", str(bad))
    said = f"error: {bad}: line 1: ModuleNotFoundError: No module named 'nowhere_to_be_found'\n"
    assert (code, out, err) == (2, "", f"read\n{said}")


def test_no_command_was_left_out_above() -> None:
    """Catches a new command without the option."""
    from sim.cli import app

    takes = {
        (command.name or command.callback.__name__): "plugin" in command.callback.__annotations__
        for command in app.registered_commands
        if command.callback is not None
    }
    assert [name for name, does in takes.items() if not does] == [
        "mcp",
        "bundle",
        "export",
        "reproduce",
        "trace",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ZeroDivisionError('oh')", "line 1: ZeroDivisionError: oh"),
        ("import sys; sys.exit(3)", "line 1: SystemExit: 3"),
        ("class Mine(BaseException): pass\nraise Mine('oh')", "line 2: Mine: oh"),
        ("raise ValueError('one\\n  two')", "line 1: ValueError: one two"),
        ("def (", "SyntaxError: invalid syntax (broken.py, line 1)"),
        (
            "from sim.outcomes import give_indicator\ngive_indicator('month', len, en='a', formula='b')",
            "line 2: indicator month: the name is taken; allowed: a name that is not in "
            "`xiaoqu list indicators`",
        ),
    ],
)
def test_a_broken_plugin_is_one_line(xiaoqu: Command, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(text + "\n", encoding="utf-8")
    code, out, err = xiaoqu("list", "--plugin", str(file))
    assert (code, out) == (2, "")
    assert err == f"error: {file}: {said}\n"


def test_a_plugin_can_be_interrupted(xiaoqu: Command, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    assert xiaoqu("list", "--plugin", str(tmp_path / "slow.py")) == (130, "", "interrupted\n")


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["run", "out=x"], "--out"),
        (["compare", "policies=[none,shenhong]", "lang=zh"], "--lang"),
        (["predict", "out=x"], "--out"),
        (["calibrate", "config_dir=x"], "--config-dir"),
    ],
)
def test_an_option_typed_as_a_key_is_pointed_to(
    xiaoqu: Command, words: list[str], option: str
) -> None:
    code, _, err = xiaoqu(*words)
    assert code == 2
    assert f"did you mean {option}?" in err and err.count("\n") == 1


@pytest.mark.parametrize("word", ["plugin", "plugins", "scenario.plugin", "policy.plugin"])
def test_configuration_cannot_name_a_plugin(xiaoqu: Command, word: str) -> None:
    code, _, err = xiaoqu("run", f"{word}=mine.py")
    assert code == 2
    assert "unknown key" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rnu"], "No such command 'rnu'. Did you mean 'run'? (xiaoqu -h)"),
        (["run", "--fore"], "No such option: --fore"),
        (["export", "results"], "Missing argument"),
        (["list", "polices"], "'polices' is not one of 'experiments', 'scenarios'"),
        (["run", "--dpi", "x"], "Invalid value for '--dpi'"),
        (["list", "scenarios", "=" + "a" * 5000], "Got unexpected extra argument(s) (=aaa"),
    ],
)
def test_a_command_that_is_misused_is_told_in_one_line(
    xiaoqu: Command, words: list[str], said: str
) -> None:
    code, out, err = xiaoqu(*words)
    assert (code, out) == (2, "")
    assert said in err and err.startswith("error: ") and err.count("\n") == 1
    assert len(err) < 600


def test_help_says_between_what_a_word_must_lie(xiaoqu: Command) -> None:
    assert "which its error is measured, 20 to 1000" in " ".join(xiaoqu("explore", "-h")[1].split())
