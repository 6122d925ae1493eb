"""The command ``xiaoqu``: reads words, calls the package, prints. Nothing is decided here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim import __version__
from sim.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

INTERRUPTED = 130

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
        "--plugin", help="Python file with measures of your own; it is run", metavar="FILE"
    ),
]


class Language(StrEnum):
    """Languages of tables and figures."""

    EN = "en"
    ZH = "zh"


class Kind(StrEnum):
    """What ``list`` can show."""

    SCENARIOS = "scenarios"
    POLICIES = "policies"
    MEASURES = "measures"
    EVENTS = "events"
    INDICATORS = "indicators"


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
    """


@app.command()
def run(
    overrides: Overrides = None,
    out: Annotated[Path, typer.Option(help="Folder that holds all results", metavar="DIR")] = Path(
        "results"
    ),
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only the folder of the results")
    ] = False,
    lang: Annotated[Language, typer.Option(help="Language of table and figure")] = Language.EN,
) -> None:
    """Run one configuration under many seeds, keep the results, print a summary.

    [bold]Examples[/bold]

    xiaoqu run scenario=kangqiao policy=none months=60 replications=30

    xiaoqu run scenario=kangqiao policy=five_level_linkage policy.measures.member_contact.quota=20

    xiaoqu run firm=extractive fees.norm_conditional=5 executor.workers=2
    """
    _load_plugins(plugin)
    from sim.config import load_overrides
    from sim.experiments.run import run as run_study

    config = load_overrides(overrides or [], config_dir)
    study = run_study(config, out=out, progress=not quiet)
    from sim.figures.trajectories import draw

    draw(study, lang.value)
    if quiet:
        typer.echo(study.folder)
        return
    from rich.console import Console

    from sim.experiments.summary import print_summary

    print_summary(study, Console(), lang.value)


@app.command("list")
def list_names(
    kind: Annotated[Kind | None, typer.Argument(help="What to list; all of it if left out")] = None,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
) -> None:
    """List what can be named: scenarios, policies, measures, events, indicators."""
    _load_plugins(plugin)
    from rich.console import Console

    # A pipe has no width: give it one at which no name is broken.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for one in [kind] if kind else list(Kind):
        if kind is None:
            console.print(f"[bold]{one.value}[/bold]")
        console.print(_table(one, config_dir))


@app.command()
def explain(
    name: Annotated[
        str, typer.Argument(help="A measure, event, indicator, scenario, policy, or parameter key")
    ],
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
) -> None:
    """Explain a measure, an indicator, a scenario, a policy, or a parameter.

    [bold]Examples[/bold]

    xiaoqu explain member_contact

    xiaoqu explain scenario=kangqiao

    xiaoqu explain fees.norm_conditional
    """
    _load_plugins(plugin)
    typer.echo(_text(name, config_dir))


def main(words: list[str] | None = None) -> None:
    """Run the command and turn every expected failure into one line and an exit code.

    Args:
        words: The command line without the program's name; None takes the process's own.
    """
    try:
        try:
            app(args=words, prog_name="xiaoqu")
        finally:
            sys.stdout.flush()
    except InputError as error:
        _fail(str(error), 2)
    except RuntimeError as error:
        _fail(" ".join(str(error).split()), 1)
    except BrokenPipeError:
        # The reader has gone; what is still buffered must not be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _fail("interrupted", INTERRUPTED)
        raise


def _fail(line: str, code: int) -> None:
    print(f"error: {line}" if code != INTERRUPTED else line, file=sys.stderr)
    sys.exit(code)


def _load_plugins(paths: list[Path] | None) -> None:
    """Run a user's files, whose measures register themselves; only the command line may ask."""
    if not paths:
        return
    import importlib.util

    import cloudpickle

    for path in paths:
        if not path.is_file():
            raise InputError("--plugin", f"{path} is no file", "a Python file")
        name = f"xiaoqu_plugin_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise InputError("--plugin", f"{path} is no Python file", "a file that ends in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise InputError(str(path), f"{type(error).__name__}: {error}") from error
        # Worker processes cannot import the file, so its classes travel whole.
        cloudpickle.register_pickle_by_value(module)


def _table(kind: Kind, config_dir: Path | None) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for cells in _rows(kind, config_dir):
        table.add_row(*cells)
    return table


def _rows(kind: Kind, config_dir: Path | None) -> Iterator[tuple[str, str, str]]:
    from sim.config import choices, load
    from sim.measures import CATALOGUE

    if kind is Kind.SCENARIOS:
        for name in choices("scenario", config_dir):
            scenario = load(name, config_dir=config_dir).scenario
            yield name, scenario.title, scenario.title_zh
    elif kind is Kind.POLICIES:
        for name in choices("policy", config_dir):
            policy = load(policy=name, config_dir=config_dir).policy
            alone = CATALOGUE.get(name)
            yield (
                name,
                policy.title or (alone.en if alone else ""),
                policy.title_zh or (alone.zh if alone else ""),
            )
    elif kind is Kind.INDICATORS:
        from sim.outcomes import INDICATORS

        for indicator in INDICATORS.values():
            yield indicator.name, indicator.en, indicator.zh
    else:
        for name, measure in sorted(CATALOGUE.items()):
            if f"{measure.kind}s" == kind.value:
                yield name, measure.en, measure.zh


def _text(asked: str, config_dir: Path | None) -> str:
    from sim import explain as texts
    from sim.config import Config, choices, load
    from sim.measures import CATALOGUE
    from sim.outcomes import INDICATORS

    group, _, name = asked.rpartition("=")
    scenarios, policies = choices("scenario", config_dir), choices("policy", config_dir)
    if group in ("", "measure", "event", "policy") and name in CATALOGUE:
        return texts.measure_text(name, CATALOGUE[name])
    if group in ("", "indicator") and name in INDICATORS:
        return texts.indicator_text(INDICATORS[name])
    if group in ("", "scenario") and name in scenarios:
        return texts.scenario_text(load(name, config_dir=config_dir).scenario)
    if group in ("", "policy") and name in policies:
        return texts.policy_text(load(policy=name, config_dir=config_dir).policy)
    place, _, key = name.partition(".")
    if not group and place in CATALOGUE:
        return texts.group_text(key, CATALOGUE[place].Parameters)
    parts = {row.key.rpartition(".")[2] for row in Config.describe()}
    if not group and (place in Config.model_fields or key or name in parts):
        return texts.group_text(name, Config)
    known = [*CATALOGUE, *INDICATORS, *scenarios, *policies, *Config.model_fields]
    raise texts.unknown_name(asked, "nothing has this name", name, sorted(set(known)))
