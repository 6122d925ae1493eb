"""The command ``xiaoqu``: reads words, calls the package, prints. Nothing is decided here."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from enum import StrEnum
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim import __version__, leaving, questions
from sim.as_text import LONGEST_TITLE, clean
from sim.errors import InputError, cut, refuse_broken

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sim.config import Config
    from sim.questions.base import Spec

INTERRUPTED_BY, INTERRUPTED = 128, 130

_USAGE_ERROR: Any = typer.BadParameter.__mro__[1]
"""The library's ``UsageError``, which it has under no public name of its own."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Overrides = Annotated[
    list[str] | None,
    typer.Argument(help="group=name and key=value, such as policy=member_contact months=24"),
]
ConfigDir = Annotated[
    Path | None, typer.Option(help="Folder with configuration groups of your own", metavar="DIR")
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        help="Python file with parts of your own, see docs/extend.md; it is run",
        metavar="FILE",
    ),
]
RESULTS = Path("results")
Out = Annotated[Path, typer.Option(help="Folder that holds all results", metavar="DIR")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the folder of the results")]
DPI = 300
Export = Annotated[
    str,
    typer.Option(
        help="Further files: tables as csv, xlsx, dta (Stata), sav (SPSS), figures as eps, tiff",
        metavar="FORMAT,...",
    ),
]
Dpi = Annotated[
    int, typer.Option(min=72, max=2400, help="Dots in an inch of eps and tiff", metavar="N")
]
Force = Annotated[bool, typer.Option("--force", help="Begin anew, whatever is there")]


class Language(StrEnum):
    """Languages of tables and figures."""

    EN = "en"
    ZH = "zh"


class Shown(StrEnum):
    """Which configuration ``--cfg`` prints, as Hydra names it."""

    JOB = "job"


Cfg = Annotated[
    Shown | None, typer.Option(help="Print the whole configuration and stop", metavar="job")
]


class Kind(StrEnum):
    """What ``list`` can show."""

    EXPERIMENTS = "experiments"

    SCENARIOS = "scenarios"
    CASES = "cases"
    POLICIES = "policies"
    MEASURES = "measures"
    EVENTS = "events"
    INDICATORS = "indicators"
    GROUPS = "groups"
    THEORIES = "theories"


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"xiaoqu {__version__}")
        raise typer.Exit


@app.callback()
def xiaoqu(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version")
    ] = False,
) -> None:
    r"""Simulate how a residential compound (小区) is governed.

    [bold]Examples[/bold]

    xiaoqu list policies

    xiaoqu explain member_contact

    xiaoqu run scenario=kangqiao policy=five_level_linkage replications=30

    xiaoqu run scenario=kangqiao policy=\[member_contact,lead_by_paying] months=24 seed=7

    xiaoqu compare scenario=kangqiao policies=\[none,member_contact,five_level_linkage]
    """


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="What run or compare kept", metavar="DIR")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="lang=zh or lang=en, form=short or form=long, why=true, question='...'"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the report, DIR/report if left out", metavar="DIR"),
    ] = None,
    plugin: Plugins = None,
) -> None:
    r"""Write a report of kept results: a paper of a page or two with its annexes, and its tables.

    DOCX, PPTX, HTML and PDF hold the same text; form=short leaves the annexes out. XLSX and CSV hold all tables.
    What carried the effect of the policy that collects most is told where xiaoqu why has found it; why=true finds it.

    [bold]Examples[/bold]

    xiaoqu report results/compare/kangqiao-0123456789ab lang=zh

    xiaoqu report results/run/kangqiao-none-0123456789ab lang=en question='What if nothing is done?'
    """
    _load_plugins(plugin)
    from sim.report.write import report_words

    for path in report_words(folder, words or [], out):
        _say(path)


@app.command()
def desk(
    host: Annotated[
        str, typer.Option(help="Address to listen on; only this machine can reach the default")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port")] = 8520,
    lang: Annotated[Language, typer.Option(help="Language at first sight")] = Language.ZH,
    workers: Annotated[int, typer.Option(min=0, help="Processes, 0 for one per core")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser")] = True,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Name of this machine, or of a proxy before it", metavar="NAME"),
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(help="File whose first line is the password for others", metavar="FILE"),
    ] = None,
    office: Annotated[
        Path | None,
        typer.Option(help="Folder with users.txt, and with each user's plans", metavar="FOLDER"),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Open the policy desk: a local page to compare measures by looking.

    [bold]Examples[/bold]

    xiaoqu desk

    xiaoqu desk --lang en --port 9000 --no-browser

    xiaoqu desk --host 0.0.0.0 --allow-host desk.street.example --password-file word.txt

    Where others can reach it, it asks for a password: that of the file or of XIAOQU_DESK_PASSWORD, else one made
    up, which is printed within the address. With --office each user of FOLDER/users.txt (lines of name:password) has
    one, and keeps plans there. Files given with --plugin are read at the start; the page cannot name
    one.
    """
    _load_plugins(plugin)
    from sim.desk.server import serve

    serve(
        host,
        port,
        lang.value,
        workers,
        browser,
        plugin or [],
        allow_host or [],
        password_file,
        office,
    )


@app.command()
def mcp() -> None:
    """Let an assistant ask: a server of the Model Context Protocol on standard input and output.

    [bold]Examples[/bold]

    xiaoqu mcp

    The assistant's program starts it. It names scenarios, policies and numbers; no file and no code, so
    it takes no plug-ins. See docs/assistants.md.
    """
    from sim.mcp_server import serve

    serve()


@app.command("import")
def import_files(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Registers, ledgers, tickets, months, ties", metavar="FILE..."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--as", help="register, ledger, tickets, months or edges, if it is not seen"),
    ] = None,
    use: Annotated[
        list[Path] | None,
        typer.Option("--mapping", help="How to read them, as --out keeps it", metavar="FILE"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for clean files; without it nothing is written", metavar="DIR"),
    ] = None,
    zero: Annotated[
        str | None, typer.Option(help="Last month before the policy, as 2025-03", metavar="MONTH")
    ] = None,
    compound: Annotated[
        str | None,
        typer.Option(help="Which compound, where tickets are of several", metavar="NAME"),
    ] = None,
    households: Annotated[
        int | None, typer.Option(min=1, help="Households, where no register tells", metavar="N")
    ] = None,
    templates: Annotated[
        Path | None, typer.Option(help="Write empty tables to fill in, and stop", metavar="DIR")
    ] = None,
    plugin: Plugins = None,
    lang: Annotated[Language, typer.Option(help="Language of what is said")] = Language.EN,
) -> None:
    """Read files as an office keeps them, show what was matched and left out, write clean ones.

    [bold]Examples[/bold]

    xiaoqu import register.xlsx ledger.xlsx tickets.csv

    xiaoqu import register.xlsx ledger.xlsx --zero 2025-03 --out mine

    xiaoqu import register.xls --mapping mine/mapping-register.yaml --out mine

    Takes xlsx, xls, ods and text (csv) of any usual encoding, and graphs (GraphML, GEXF, Pajek). Columns that
    tell of persons are dropped before anything is kept.
    """
    _load_plugins(plugin)
    from sim.intake import tell
    from sim.intake.door import read_files, write
    from sim.intake.mapping import read as read_mapping

    if templates is not None:
        from sim.intake.templates import write as write_templates

        for path in write_templates(templates, lang.value):
            _say(path)
        return
    if not files:
        raise InputError("import", "no file is named", "xiaoqu import FILE...")
    said = [read_mapping(path) for path in use or []]
    found = read_files(
        [str(path) for path in files],
        said,
        kind=kind,
        zero=zero,
        compound=compound,
        households=households,
    )
    for line in tell.lines(found, lang.value):
        _say(line)
    written = write(found, out) if out is not None else []
    for line in tell.after(found, written, lang.value):
        _say(line)


@app.command("list")
def list_names(
    kind: Annotated[Kind | None, typer.Argument(help="What to list; all of it if left out")] = None,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
) -> None:
    """List what can be named: scenarios, reported cases, policies, measures, events, indicators, keys, theories."""
    _load_plugins(plugin)
    console = _console()
    for one in [kind] if kind else list(Kind):
        if kind is None:
            console.print(one.value, style="bold")
        console.print(_table(one, config_dir))


@app.command()
def explain(
    name: Annotated[
        str,
        typer.Argument(
            help="A measure, event, indicator, scenario, reported case, policy, theory of paying, key, arrow, "
            "or month, arrows"
        ),
    ],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="With month, as of run: whose month to show")
    ] = None,
    lang: Annotated[
        Language,
        typer.Option(
            help="Language of a month, theory, arrow or reported case; others are named in both at once"
        ),
    ] = Language.EN,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
) -> None:
    """Explain a measure, an indicator, a case, a policy, a theory, a parameter, an arrow, or what happens in a month.

    [bold]Examples[/bold]

    xiaoqu explain member_contact

    xiaoqu explain scenario=kangqiao

    xiaoqu explain case=K053

    xiaoqu explain fees.norm_conditional

    xiaoqu explain theory=match

    xiaoqu explain month scenario=kangqiao policy=red_pilot --lang zh

    xiaoqu explain arrows
    """
    _load_plugins(plugin)
    if name == "month":
        return _say(_month(overrides or [], config_dir, lang.value))
    if name == "arrows":
        from sim.texts import arrows_text

        return _say(arrows_text(lang.value))
    if overrides:
        option = overrides[0].partition("=")[0]
        meant = f"; did you mean --{option}?" if option in ("lang", "plugin", "config-dir") else ""
        problem = f"is not asked for with {name}{meant}"
        raise InputError(overrides[0], problem, "settings, with month only")
    _say(_text(name, config_dir, lang.value))


@app.command()
def validate(
    parts: Annotated[
        list[str] | None, typer.Argument(help="levels, trials, cases; default all three")
    ] = None,
    replications: Annotated[
        int,
        typer.Option(
            "--seeds", "--replications", min=1, max=1000, help="Seeds per case and population"
        ),
    ] = 10,
    seed: Annotated[int, typer.Option(min=0, help="First seed")] = 1,
    draws: Annotated[
        int,
        typer.Option(
            min=0, max=1000, help="Draws of the main parameters that show which checks test nothing"
        ),
    ] = 24,
    workers: Annotated[int, typer.Option(min=0, help="Processes, 0 for one per core")] = 0,
    doubt: Annotated[
        bool,
        typer.Option(
            help="Each seed lives a parameter set of the posterior; else all the defaults"
        ),
    ] = False,
    markdown: Annotated[bool, typer.Option(help="Print the tables as Markdown")] = False,
    lang: Annotated[Language, typer.Option(help="Language of levels and trials")] = Language.EN,
    plugin: Plugins = None,
) -> None:
    """Hold the model against what is known of many compounds, published trials, and reported cases.

    [bold]Examples[/bold]

    xiaoqu validate

    xiaoqu validate levels trials --seeds 10 --lang zh

    xiaoqu validate cases --replications 10
    """
    _load_plugins(plugin)
    from sim.explain import unknown_name

    known = ("levels", "trials", "cases")
    for part in parts or ():
        if part not in known:
            raise unknown_name("PARTS", f"no part is named {part!r}", part, list(known))
    doubted = "on" if doubt else "off"
    for part in known:
        if not parts or part in parts:
            _hold(part, replications, seed, draws, workers, doubted, markdown, lang.value)


def _hold(
    part: str, seeds: int, seed: int, draws: int, workers: int, doubt: str, as_text: bool, language: str
) -> None:  # fmt: skip
    if part == "cases":
        from sim.experiments.validate import as_markdown, print_validation
        from sim.experiments.validate import validate as hold

        result = hold(seeds, seed, workers, progress=True, doubt=doubt)
        return _say(as_markdown(result)) if as_text else print_validation(result, _console(None))
    from sim.science import levels_table
    from sim.science.levels import run_levels
    from sim.science.trials import run_trials

    run = run_levels if part == levels_table.LEVELS else run_trials
    frame = run(seeds, seed, draws, workers, progress=True, doubt=doubt)
    if as_text:
        return _say(levels_table.as_markdown(frame, part, language))
    return levels_table.print_checks(frame, part, _console(None), language)


@app.command()
def rerun(
    folder: Annotated[
        Path,
        typer.Argument(
            help="What run, compare, sweep, attribute, sensitivity or optimise kept",
            metavar="FOLDER",
        ),
    ],
    plugin: Plugins = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no bar")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the line")] = Language.EN,
) -> None:
    """Live a kept answer again: the same bytes, or what differs; exit code 1 if anything does.

    [bold]Examples[/bold]

    xiaoqu rerun results/run/kangqiao-none-0123456789ab

    xiaoqu rerun results/sweep/contact_quota-0123456789ab --plugin mine.py --lang zh
    """
    _load_plugins(plugin)
    from sim.again import rerun as live_again

    done = live_again(folder, progress=not quiet)
    _say(done.line(lang.value))
    if not done.same:
        raise typer.Exit(1)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="What predict --register wrote", metavar="FILE")],
    came: Annotated[
        list[str], typer.Argument(help="INDICATOR@MONTH=VALUE", metavar="FIGURE=VALUE...")
    ],
    plugin: Plugins = None,
    lang: Annotated[Language, typer.Option(help="Language of the lines")] = Language.EN,
) -> None:
    """Hold a prediction that was written down against what came.

    [bold]Examples[/bold]

    xiaoqu verify prediction.json collection_rate@+12=0.82
    """
    _load_plugins(plugin)
    from sim.posterior import registered

    said: dict[str, float] = {}
    for text in came:
        name, _, value = text.partition("=")
        if name in said:
            raise InputError(name, "came twice", "each figure once")
        try:
            said[name] = float(value)
        except ValueError:
            raise InputError(
                name, f"{value!r} is no number", "as collection_rate@+12=0.82"
            ) from None
    rows = registered.verify(file, said)
    _say(registered.read(file).written(lang.value))
    for line in registered.lines(rows, lang.value):
        _say(line)


@app.command()
def bundle(
    out: Annotated[Path, typer.Argument(help="The zip file to make", metavar="OUT.zip")],
    platform: Annotated[
        str, typer.Option(help="win_amd64, linux_x86_64, linux_aarch64, macos_arm64")
    ] = "win_amd64",
    python: Annotated[str, typer.Option(help="Version of Python there")] = "3.12",
    wheel: Annotated[
        Path | None,
        typer.Option(help="Wheel of xiaoqu; built from the checkout if left out", metavar="FILE"),
    ] = None,
    embedded: Annotated[
        Path | None,
        typer.Option(help="Zip of Python for Windows (embeddable), put in", metavar="FILE"),
    ] = None,
    compiled: Annotated[
        bool,
        typer.Option(
            "--compiled", help="Carry compiled rules, for this machine's own platform and Python"
        ),
    ] = False,
) -> None:
    """Make a kit that installs and starts on a machine without internet: wheels and start scripts.

    [bold]Examples[/bold]

    xiaoqu bundle kit.zip

    xiaoqu bundle kit.zip --platform linux_x86_64 --python 3.11 --compiled

    Needs a package index here, none there.
    """
    from sim.bundle import bundle as make

    for name in make(out, platform, python, wheel, embedded, compiled):
        typer.echo(name)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="What any command kept", metavar="FOLDER")],
    formats: Annotated[list[str], typer.Argument(help="csv, xlsx, dta (Stata), sav (SPSS)")],
    out: Annotated[
        Path | None, typer.Option(help="Where to; FOLDER/export if left out", metavar="DIR")
    ] = None,
) -> None:
    """Write the tables of a kept answer or sweep for Excel, Stata, SPSS and others.

    [bold]Examples[/bold]

    xiaoqu export results/sweep/contact_quota-0123456789ab csv dta

    xiaoqu export results/run/kangqiao-none-0123456789ab xlsx sav --out tables
    """
    from sim.experiments.sweep import unfinished
    from sim.report.exported import export_folder

    for path in export_folder(folder, formats, out):
        typer.echo(path)
    if (folder / "designs").is_dir() and (said := unfinished(folder)):
        print(clean(f"{folder}: {said}"), file=sys.stderr)


def _gone(name: str, now: str) -> None:
    """Let a command that was say what stands in its place."""

    @app.command(
        name,
        hidden=True,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def gone() -> None:
        raise InputError(name, "is no command any more", now)


_gone("reproduce", "python docs/reproduce.py, in a checkout of the source")
_gone("trace", "xiaoqu why issue=first")


def _add(spec: Spec) -> None:
    """Make the command of a question."""
    takes: dict[str, Any] = {"overrides": Overrides, "plugin": Plugins}
    if spec.own_folder:
        takes["config_dir"] = ConfigDir
    if spec.keeps:
        takes |= {"out": Out, "quiet": Quiet, "force": Force, "export": Export, "dpi": Dpi}
    if spec.lang:
        takes["lang"] = Annotated[Language, typer.Option(help=f"Language of {spec.lang}")]
    if spec.cfg:
        takes["cfg"] = Cfg
    usual: dict[str, Any] = {"out": RESULTS, "quiet": False, "force": False, "lang": Language.EN}
    usual |= {"export": "", "dpi": DPI}
    for name, word in spec.words.items():
        if word.option:
            flag, about = word.option.flag, word.option
            made = typer.Option(
                flag,
                help=word.doc[:1].upper() + word.doc[1:],
                metavar=about.metavar,
                min=about.low,
                max=about.high,
            )
            kind = word.kind if word.default is None else type(word.default)
            takes[name], usual[name] = Annotated[kind, made], word.default

    def command(**given: Any) -> None:
        _ask(spec, **given)

    command.__name__, command.__annotations__ = spec.name, takes
    command.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter(name, Parameter.KEYWORD_ONLY, default=usual.get(name), annotation=kind)
            for name, kind in takes.items()
        ]
    )
    app.command(spec.name, help=spec.help, rich_help_panel="Questions")(command)


def _ask(
    spec: Spec,
    overrides: list[str] | None = None,
    plugin: list[Path] | None = None,
    config_dir: Path | None = None,
    out: Path = RESULTS,
    quiet: bool = False,
    force: bool = False,
    lang: Language = Language.EN,
    cfg: Shown | None = None,
    export: str = "",
    dpi: int = DPI,
    **options: Any,
) -> None:
    """Ask a question, print its answer, and draw it where it is kept."""
    with _for_good():
        _load_plugins(plugin)
        tables, figures = _formats(export)
        question = spec.ask_words(overrides or [], config_dir, **options)
    if export and not getattr(question, "has_folder", True):
        raise InputError("--export", f"{export!r}: this answer has no folder", "without --export")
    if cfg:
        import yaml

        return _say(yaml.safe_dump(question.tree(), allow_unicode=True, sort_keys=False).rstrip())
    # What somebody's own rules print is no part of the answer, which a script may read.
    with redirect_stdout(sys.stderr):
        answer = question.answer(
            **({"out": out, "progress": not quiet, "force": force} if spec.keeps else {})
        )
    if spec.keeps and not spec.drawn_last:
        answer.keep_figures(lang.value, figures, dpi)
    if not quiet:
        answer.show(_console(answer.WIDTH), lang.value)
    elif answer.folder is not None:
        _say(answer.folder)
    if spec.keeps and spec.drawn_last:
        answer.keep_figures(lang.value, figures, dpi)
    if tables:
        answer.export(tables)
    return None


@contextmanager
def _for_good() -> Iterator[None]:
    """Import what stays: the search for cycles finds nothing there, now or in any run that is lived later."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _formats(export: str) -> tuple[list[str], list[str]]:
    """Formats of tables and of figures.

    Raises:
        InputError: One is not known.
    """
    named = [name.strip() for name in export.split(",") if name.strip()]
    known = (["csv", "xlsx", "dta", "sav"], ["eps", "tiff"])
    for name in named:
        if name not in known[0] + known[1]:
            raise InputError("export", f"{name!r} is not known", ", ".join(known[0] + known[1]))
    tables, figures = ([name for name in named if name in some] for some in known)
    return tables, figures


def _complete() -> None:
    """Make the commands of questions that have none yet, such as those of a file of one's own."""
    there = {command.name for command in app.registered_commands}
    for name in questions.names():
        if name not in there:
            _add(questions.find(name))


_complete()


def main(words: list[str] | None = None) -> None:
    """Run the command and turn every expected failure into one line and an exit code.

    Args:
        words: The command line without the program's name; None takes the process's own.
    """
    if words is None:
        # No figure needs a window, and a backend named for other programs may not be there. Called
        # from Python, as in a notebook, the choice is the caller's.
        os.environ["MPLBACKEND"] = "Agg"
        # Processes that are started, and those that watch over them, would else run a numpy.py that lies in
        # the working folder, which may be somebody else's.
        os.environ["PYTHONSAFEPATH"] = "1"
        leaving.listen()
    try:
        try:
            _make_ready(sys.argv[1:] if words is None else words)
            _complete()
            sys.exit(app(args=words, prog_name="xiaoqu", standalone_mode=False) or 0)
        finally:
            sys.stdout.flush()
    except InputError as error:
        _fail(str(error), 2)
    except _USAGE_ERROR as error:
        _misused(error)
    except RuntimeError as error:
        _fail(" ".join(str(error).split()), 1)
    except BrokenPipeError:
        # The reader has gone.
        _drop_output()
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            _drop_output()
        _fail(f"{error.filename or 'output'}: {error.strerror or error}", 2)
    except KeyboardInterrupt:
        _fail("interrupted", leaving.code())
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _fail("interrupted", leaving.code())
        raise


def _make_ready(words: list[str]) -> None:
    """See to it that what is told can be written, and that what was asked can be read.

    Raises:
        InputError: The folder the command is run in is gone, or a word is no text.
    """
    # Closed on purpose, as of a daemon: nobody is there to be told.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        Path.cwd()
    except OSError as error:
        problem = f"cannot be found ({error.strerror})"
        raise InputError("working folder", problem, "a folder that exists") from None
    try:
        # Matplotlib reads it when it is imported, whether or not anybody wants its settings.
        Path("matplotlibrc").read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError("matplotlibrc", "in the working folder is no text", "UTF-8") from None
    except OSError:
        pass
    for place, word in enumerate(words, 1):
        refuse_broken(word, f"word {place}")


def _drop_output() -> None:
    """What is still buffered must not be written at exit."""
    with suppress(OSError):  # called from Python, the output may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _console(width: int | None = 160) -> Console:
    from sim.terminal import Terminal

    # A pipe has no width: give it one at which no name or key is cut off.
    return Terminal(width=None if sys.stdout.isatty() else width)


def _say(text: object) -> None:
    """Print what may hold names and texts of somebody's own."""
    typer.echo(clean(str(text), lines=True))


def _fail(line: str, code: int) -> None:
    print(clean(f"error: {line}" if code < INTERRUPTED_BY else line), file=sys.stderr)
    sys.exit(code)


def _misused(error: Any) -> None:
    """A command that is not there, or an option of it: one line in place of a box of several."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        sys.exit(2)
    asked = f" ({error.ctx.command_path} -h)" if error.ctx else ""
    said = " ".join(error.format_message().replace("Value error, ", "").split())
    word = str(getattr(error, "option_name", "")).lstrip("-")
    if (
        error.ctx
        and error.ctx.info_name == "report"
        and word in ("lang", "question", "form", "why")
    ):
        said = said.rstrip(".") + f"; did you mean {word}=...?"
    _fail(cut(said) + asked, 2)


def _load_plugins(paths: list[Path] | None) -> None:
    """Run a user's files, which give the model parts of their own; only the command line may ask."""
    if paths:
        from sim.plugins import load_plugins

        load_plugins(paths)


def _table(kind: Kind, config_dir: Path | None) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for cells in _rows(kind, config_dir):
        table.add_row(*(clean(cell, 2 * LONGEST_TITLE) for cell in cells))
    return table


def _rows(kind: Kind, config_dir: Path | None) -> Iterator[tuple[str, str, str]]:
    from sim.compose import choices, titles
    from sim.measures import CATALOGUE

    groups = {Kind.SCENARIOS: "scenario", Kind.POLICIES: "policy", Kind.EXPERIMENTS: "experiment"}
    if kind in groups:
        for name in choices(groups[kind], config_dir):
            yield name, *titles(groups[kind], name, config_dir)
    elif kind is Kind.CASES:
        from sim.library import MEASURES, cases

        for case in cases():
            lived = case.run.role if case.run else "not lived"
            yield case.id, f"{case.title}: {MEASURES[case.measure][0]}; {lived}", case.title_zh
    elif kind is Kind.INDICATORS:
        from sim.outcomes import INDICATORS

        for indicator in INDICATORS.values():
            yield indicator.name, indicator.en, indicator.zh
    elif kind is Kind.GROUPS:
        from sim.config import Config
        from sim.explain import group_in

        for name, field in Config.model_fields.items():
            if group := group_in(field.annotation):
                yield name, (group.__doc__ or "").strip().partition("\n")[0], ""
    elif kind is Kind.THEORIES:
        from sim.processes.fees import THEORIES
        from sim.texts import done

        for name, theory in THEORIES.items():
            yield name, theory.doc, done(theory, "zh")
    else:
        for name, measure in sorted(CATALOGUE.items()):
            if f"{measure.kind}s" == kind.value:
                yield name, measure.en, measure.zh


def _loaded(group: str, name: str, config_dir: Path | None) -> Config:
    """What a name stands for, to be told and not to be lived: files it names need not be there."""
    from sim.compose import load_settings

    return load_settings([(group, name)], config_dir)[0]


def _month(overrides: list[str], config_dir: Path | None, lang: str) -> str:
    from sim.build import measures_of, month_of
    from sim.compose import load_overrides
    from sim.texts import month_text

    config = load_overrides(overrides, config_dir)
    return month_text(month_of(config, measures_of(config)), lang)


def _text(asked: str, config_dir: Path | None, lang: str) -> str:
    from sim import explain, library, texts
    from sim.compose import choices
    from sim.config import Config
    from sim.measures import CATALOGUE
    from sim.outcomes import INDICATORS
    from sim.processes.fees import THEORIES, FeeParameters
    from sim.world.arrows import ARROWS

    group, _, name = asked.rpartition("=")
    scenarios, policies = choices("scenario", config_dir), choices("policy", config_dir)
    if group in ("", "measure", "event", "policy") and name in CATALOGUE:
        return texts.measure_text(name, CATALOGUE[name])
    if group in ("", "indicator") and name in INDICATORS:
        return texts.indicator_text(INDICATORS[name])
    if group in ("", "theory") and name in THEORIES:
        return texts.theory_text(name, THEORIES[name], FeeParameters().response, lang)
    if group in ("", "scenario") and name in scenarios:
        return texts.scenario_text(_loaded("scenario", name, config_dir).scenario)
    if group == "case" or (group in ("", "scenario", "policy") and library.NAME.fullmatch(name)):
        return texts.case_text(library.case(name), lang)
    if group in ("", "fact") and library.FACT.fullmatch(name):
        return texts.fact_text(library.fact(name), lang)
    if group in ("", "policy") and name in policies:
        return texts.policy_text(_loaded("policy", name, config_dir).policy)
    if group in ("", "experiment") and name in choices("experiment", config_dir):
        return texts.experiment_text(_loaded("experiment", name, config_dir).experiment)
    if group in ("", "arrow", "cut") and name in ARROWS:
        return texts.arrow_text(ARROWS[name], lang)
    if not group and name == "doubt":
        return texts.doubt_text(lang)
    place, _, key = name.partition(".")
    if not group and place in CATALOGUE:
        return explain.group_text(key, CATALOGUE[place].Parameters)
    parts = {row.key.rpartition(".")[2] for row in Config.describe()}
    if not group and (place in Config.model_fields or key or name in parts):
        return explain.group_text(name, Config)
    known = [
        "month", "arrows", *CATALOGUE, *INDICATORS, *THEORIES, *ARROWS, *scenarios, *policies,
        *Config.model_fields,
    ]  # fmt: skip
    raise explain.unknown_name(asked, "nothing has this name", name, sorted(set(known)))
