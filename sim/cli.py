"""The command ``xiaoqu``: reads words, calls the package, prints. Nothing is decided here."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim import __version__
from sim.errors import InputError, refuse_broken

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sim.config import Config

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
        "--plugin",
        help="Python file with parts of your own, see docs/extend.md; it is run",
        metavar="FILE",
    ),
]
RESULTS = Path("results")
Out = Annotated[Path, typer.Option(help="Folder that holds all results", metavar="DIR")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the folder of the results")]
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
def run(
    overrides: Overrides = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    lang: Annotated[Language, typer.Option(help="Language of table and figure")] = Language.EN,
    panel: Annotated[
        str,
        typer.Option(help="Columns of households to keep for every month", metavar="COLUMN,..."),
    ] = "",
    force: Force = False,
    cfg: Cfg = None,
) -> None:
    """Run one configuration under many seeds, keep the results, print a summary.

    [bold]Examples[/bold]

    xiaoqu run scenario=kangqiao policy=none months=60 replications=30

    xiaoqu run case=K053 replications=30

    xiaoqu run scenario=kangqiao policy=five_level_linkage policy.measures.member_contact.quota=20

    xiaoqu run firm=extractive fees.norm_conditional=5 executor.workers=2

    xiaoqu run scenario=kangqiao months=24 replications=5 --panel paid,arrears_fen,satisfaction
    """
    _load_plugins(plugin)
    from sim.compose import load_overrides
    from sim.experiments.run import run as run_study

    config = load_overrides(overrides or [], config_dir)
    if cfg:
        return _print_tree(config.resolved())
    columns = [name.strip() for name in panel.split(",") if name.strip()]
    study = run_study(config, out=out, progress=not quiet, force=force, panel=columns)
    if quiet:
        typer.echo(study.folder)
    else:
        from rich.console import Console

        from sim.experiments.summary_table import print_summary

        print_summary(study, Console(), lang.value)
    # Figures take longer than the numbers, so whoever waits reads these first.
    from sim.figures.trajectories import draw

    draw(study, lang.value)


@app.command()
def compare(
    overrides: Overrides = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    force: Force = False,
    lang: Annotated[Language, typer.Option(help="Language of table and figures")] = Language.EN,
) -> None:
    r"""Compare policies under the same seeds: differences, certainty, cost, persistence.

    [bold]Examples[/bold]

    xiaoqu compare scenario=kangqiao policies=\[none,building_meetings,five_level_linkage]

    xiaoqu compare scenario=kangqiao policies=\[member_contact+lead_by_paying] withdraw=36

    Besides keys of a configuration it takes: policies, scenarios (several instead of scenario),
    reference (default none), withdraw (month that ends all measures), threshold (share of fees
    that counts as recovered, default 0.6).
    """
    _load_plugins(plugin)
    from sim.experiments.compare import answer
    from sim.experiments.question import ask_words

    comparison = answer(ask_words(overrides or [], config_dir), out, not quiet, force=force)
    from sim.figures.comparison import draw

    draw(comparison, lang.value)
    if quiet:
        typer.echo(comparison.folder)
        return
    from rich.console import Console

    from sim.experiments.comparison_table import print_comparison

    print_comparison(comparison, Console(), lang.value)


@app.command()
def sweep(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="As of run, but a key may take several values: key=1,2,3"),
    ] = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say how many runs and how long, and stop")
    ] = False,
    budget: Annotated[
        float | None,
        typer.Option(help="Refuse to start if it is estimated to take longer", metavar="MINUTES"),
    ] = None,
    append: Annotated[
        Path | None, typer.Option(help="Add the runs to an earlier sweep", metavar="FOLDER")
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(min=0, help="Most points printed one by one (60); of more, every level"),
    ] = None,
    force: Force = False,
    cfg: Cfg = None,
) -> None:
    """Run every point of a design under many seeds; killed or stopped, it goes on where it was.

    [bold]Examples[/bold]

    xiaoqu sweep scenario=kangqiao policy=none,member_contact "measure.quota=range(2,20,2)"

    xiaoqu sweep "fees.norm_conditional=interval(0,6)" experiment.design=lhs experiment.samples=200

    xiaoqu sweep experiment=contact_quota replications=20 --plan

    A word with brackets needs double quotes, in bash, PowerShell and cmd.exe alike. A key that is
    not swept is set as in run.
    """
    _load_plugins(plugin)
    from sim.compose import parse_sweep
    from sim.experiments.design import lay_out
    from sim.experiments.sweep import run_design

    words = [*(overrides or []), *([] if budget is None else [f"experiment.budget={budget}"])]
    design = lay_out([parse_sweep(word, config_dir) for word in words], config_dir)
    if cfg:
        return _print_tree(design.described() | {"experiment": design.experiment.model_dump()})
    done = run_design(design, out, progress=not quiet, force=force, append=append, only_plan=plan)
    if quiet or plan:
        return None if plan else typer.echo(done.folder)
    from sim.experiments.sweep_table import SHOWN_POINTS, print_sweep

    print_sweep(done, _console(), SHOWN_POINTS if points is None else points)


@app.command()
def trace(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="As of run, and issue=NAME since=MONTH: which problem to follow"),
    ] = None,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    lang: Annotated[Language, typer.Option(help="Language of the story")] = Language.EN,
) -> None:
    """Follow one problem through one run: level by level, month by month, and what it cost.

    [bold]Examples[/bold]

    xiaoqu trace scenario=w_compound issue=railing

    xiaoqu trace scenario=shenhong issue=parking since=12 months=24 --lang zh

    xiaoqu trace scenario=kangqiao policy=none issue=longest

    issue is first, longest, a category (cleaning, facilities, security, greenery, parking,
    neighbours, common_space, accounts, developer: the first of it), a number (1 is the first to
    arise after month 0), or the label of a problem that the scenario places; since is the month
    from which first, longest and category choose. Without policy the scenario's own is taken.
    """
    _load_plugins(plugin)
    from sim.experiments.trace import ask_words
    from sim.experiments.trace import trace as follow_one
    from sim.experiments.trace_text import tell

    typer.echo(tell(follow_one(*ask_words(overrides or [], config_dir)), lang.value))


@app.command()
def books(
    overrides: Annotated[
        list[str] | None, typer.Argument(help="As of run; its first seed is lived")
    ] = None,
    compound: Annotated[int, typer.Option(help="Number of the compound in a district")] = 0,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    lang: Annotated[Language, typer.Option(help="Language of the table")] = Language.EN,
) -> None:
    """Show the books of whoever serves, month by month of one run, in thousands of yuan.

    [bold]Examples[/bold]

    xiaoqu books scenario=kangqiao policy=none

    xiaoqu books scenario=xingqu --compound 7 --lang zh
    """
    _load_plugins(plugin)
    from sim.compose import load_overrides
    from sim.experiments.books import books as keep
    from sim.experiments.books import tell_books

    config = load_overrides(overrides or [], config_dir)
    typer.echo(tell_books(keep(config, compound=compound), lang.value))


@app.command()
def sensitivity(
    overrides: Overrides = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    force: Force = False,
    lang: Annotated[Language, typer.Option(help="Language of the figure")] = Language.EN,
) -> None:
    r"""Find the parameters an outcome hangs on: Morris screening, then Sobol indices.

    [bold]Examples[/bold]

    xiaoqu sensitivity scenario=kangqiao policy=five_level_linkage

    xiaoqu sensitivity over=\[fees,doses] indicator=satisfied_share at=24 width=0.25 top=6

    xiaoqu sensitivity "fees.service=interval(2,6)" "firm.full_cost=interval(0.6,1.2)" samples=64

    Besides keys of a configuration it takes: over (core, groups, keys, doses), indicator, at (months),
    width (share of the way to the nearer limit of the schema, or whole), trajectories, top, samples.
    """
    _load_plugins(plugin)
    from sim.science.sensitivity import answer, ask_words

    result = answer(ask_words(overrides or [], config_dir), out, not quiet, force=force)
    from sim.figures.sensitivity import draw

    draw(result, lang.value)
    if quiet:
        typer.echo(result.folder)
        return
    from sim.science.sensitivity_table import print_sensitivity

    print_sensitivity(result, _console())


@app.command()
def tipping(
    overrides: Overrides = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    force: Force = False,
    lang: Annotated[Language, typer.Option(help="Language of the figures")] = Language.EN,
) -> None:
    r"""Find where a compound tips: hysteresis loop, basin of attraction, smallest push back.

    [bold]Examples[/bold]

    xiaoqu tipping scenario=kangqiao

    xiaoqu tipping parts=loop parameter=developer.legacy hold=60

    xiaoqu tipping parts=push policies=\[five_level_linkage,firm_tender] duration=36

    Besides keys of a configuration it takes: parts (of loop, basin, push), parameter (key, or keys
    moved together), low, high, steps, hold (months a step), estate, grid, policies, duration,
    threshold.
    """
    _load_plugins(plugin)
    from sim.science.tipping import answer, ask_words

    result = answer(ask_words(overrides or [], config_dir), out, not quiet, force=force)
    from sim.figures.tipping import draw

    draw(result, lang.value)
    if quiet:
        typer.echo(result.folder)
        return
    from sim.science.tipping import print_tipping

    print_tipping(result, _console())


@app.command()
def calibrate(
    overrides: Overrides = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    lang: Annotated[Language, typer.Option(help="Language of table and figures")] = Language.EN,
    force: Force = False,
    recover: Annotated[
        int,
        typer.Option(min=0, help="Test on synthetic data with this many known truths", metavar="N"),
    ] = 0,
) -> None:
    r"""Find the parameters that could have given the figures: a posterior, and what it cannot tell.

    [bold]Examples[/bold]

    xiaoqu calibrate scenario=kangqiao

    xiaoqu calibrate scenario=kangqiao parameters=\[fees.service,firm.diligence] targets=all

    xiaoqu calibrate --config-dir DIR scenario=my_compound file=months.csv 'fees.service=interval(2,6)'

    xiaoqu calibrate scenario=kangqiao --recover 200

    Besides keys of a configuration it takes: parameters (keys, each over the schema's range),
    key=interval(low,high), file (CSV of your own months), targets (fitted or all), particles,
    simulations, draws. Stopped, it goes on; asked again with more simulations, it goes on too.
    """
    _load_plugins(plugin)
    from rich.console import Console

    from sim.science.calibrate import answer, ask_words

    question = ask_words(overrides or [], config_dir)
    if recover:
        from sim.science.recover import print_recovery
        from sim.science.recover import recover as test

        recovery = test(question, recover, out=out, progress=not quiet, force=force)
        return typer.echo(recovery.folder) if quiet else print_recovery(recovery, Console())
    calibration = answer(question, out=out, progress=not quiet, force=force)
    from sim.figures.posterior import draw

    draw(calibration, lang.value)
    if quiet:
        return typer.echo(calibration.folder)
    from sim.science.calibration_table import print_calibration

    print_calibration(calibration, Console(), lang.value)


@app.command()
def predict(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="fit=[cases] or fit=one_out, cases=[...], draws=, seed="),
    ] = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    quiet: Quiet = False,
    force: Force = False,
) -> None:
    r"""Fit some cases and predict the others: which reported intervals hold.

    [bold]Examples[/bold]

    xiaoqu predict fit=kangqiao

    xiaoqu predict fit=one_out particles=50 simulations=5000

    Words: fit (cases, or one_out to leave each out in turn), cases (default: all with targets),
    parameters, particles, simulations, draws, heavy_draws (for cases of many compounds), seed,
    executor.
    """
    _load_plugins(plugin)
    from rich.console import Console

    from sim.science.predict import answer, ask_words, print_prediction

    prediction = answer(ask_words(words or []), out, not quiet, force=force)
    if quiet:
        return typer.echo(prediction.folder)
    wide = None if sys.stdout.isatty() else 200
    print_prediction(prediction, Console(width=wide))


@app.command()
def attribute(
    overrides: Overrides = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    force: Force = False,
    lang: Annotated[Language, typer.Option(help="Language of table and figures")] = Language.EN,
) -> None:
    r"""Share out a bundle's effect among its measures: Shapley values, interactions, per cost.

    [bold]Examples[/bold]

    xiaoqu attribute scenario=kangqiao policy=five_level_linkage

    xiaoqu attribute policy=shenhong scenario=shenhong at=36 indicator=\[collection_rate]

    Besides keys of a configuration it takes: at (month read, 24), indicator (one or several),
    permutations (orders a seed for bundles of more than 10 measures, 8). A scenario's own policy
    is taken apart unless one is given.
    """
    _load_plugins(plugin)
    from sim.science.attribute import answer, ask_words

    attribution = answer(ask_words(overrides or [], config_dir), out, not quiet, force=force)
    from sim.figures.attribution import draw

    draw(attribution, lang.value)
    if quiet:
        typer.echo(attribution.folder)
        return
    from rich.console import Console

    from sim.science.attribution_table import print_attribution

    print_attribution(attribution, Console(), lang.value)


@app.command()
def optimise(
    overrides: Overrides = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    force: Force = False,
    lang: Annotated[Language, typer.Option(help="Language of table and figure")] = Language.EN,
) -> None:
    r"""Seek the cheapest policy that reaches a target with a given probability.

    [bold]Examples[/bold]

    xiaoqu optimise scenario=kangqiao target="collection_rate>=0.6 at +24" probability=0.9

    xiaoqu optimise target="satisfied_share>=80% at +24" measures=all yuan_most=500000

    Besides keys of a configuration it takes: target, probability (0.9), measures (or policy, whose
    measures are the candidates), doses, starts, hour_yuan (yuan that an hour counts for, 30),
    hours_most, yuan_most, posterior (a Parquet file of calibrate), trials, worlds, check, method
    (nsga2 or exhaustive).
    """
    _load_plugins(plugin)
    from sim.science.optimise import answer, ask_words

    optimum = answer(ask_words(overrides or [], config_dir), out, not quiet, force=force)
    from sim.figures.frontier import draw

    draw(optimum, lang.value)
    if quiet:
        typer.echo(optimum.folder)
        return
    from rich.console import Console

    from sim.science.optimum_table import print_optimum

    print_optimum(optimum, Console(), lang.value)


@app.command()
def robustness(
    overrides: Overrides = None,
    out: Out = RESULTS,
    plugin: Plugins = None,
    config_dir: ConfigDir = None,
    quiet: Quiet = False,
    force: Force = False,
    lang: Annotated[Language, typer.Option(help="Language of table and figures")] = Language.EN,
) -> None:
    r"""Rank policies across scenarios, networks, mechanisms and parameters: where does it turn?

    [bold]Examples[/bold]

    xiaoqu robustness scenario=kangqiao

    xiaoqu robustness policies=\[none,shenhong,red_pilot] posterior=posterior.parquet

    Besides keys of a configuration it takes: policies, scenarios, networks, mechanisms (lists),
    draws (200), posterior (a Parquet file of calibrate) or over and width (as sensitivity),
    indicator (one or several), at (month read, 24).
    """
    _load_plugins(plugin)
    from sim.science.robustness import answer, ask_words

    robust = answer(ask_words(overrides or [], config_dir), out, not quiet, force=force)
    from sim.figures.robustness import draw

    draw(robust, lang.value)
    if quiet:
        typer.echo(robust.folder)
        return
    from rich.console import Console

    from sim.science.robustness_table import print_robustness

    print_robustness(robust, Console(), lang.value)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="What run or compare kept", metavar="DIR")],
    words: Annotated[
        list[str] | None, typer.Argument(help="lang=zh or lang=en, question='...'")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the report, DIR/report if left out", metavar="DIR"),
    ] = None,
    plugin: Plugins = None,
) -> None:
    r"""Write a report of kept results: one HTML file, PDF, XLSX and CSV tables.

    [bold]Examples[/bold]

    xiaoqu report results/compare/kangqiao-0123456789ab lang=zh

    xiaoqu report results/run/kangqiao-none-0123456789ab lang=en question='What if nothing is done?'
    """
    _load_plugins(plugin)
    from sim.report.write import report_words

    for path in report_words(folder, words or [], out):
        typer.echo(path)


@app.command()
def desk(
    host: Annotated[
        str, typer.Option(help="Address to listen on; only this machine can reach the default")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port")] = 8520,
    lang: Annotated[Language, typer.Option(help="Language at first sight")] = Language.ZH,
    workers: Annotated[int, typer.Option(min=0, help="Processes, 0 for one per core")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser")] = True,
    plugin: Plugins = None,
) -> None:
    """Open the policy desk: a local page to compare measures by looking.

    [bold]Examples[/bold]

    xiaoqu desk

    xiaoqu desk --lang en --port 9000 --no-browser

    Files given with --plugin are read at the start; the page cannot name one.
    """
    _load_plugins(plugin)
    from sim.desk.server import serve

    serve(host, port, lang.value, workers, browser, plugin or [])


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
            typer.echo(path)
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
        typer.echo(line)
    written = write(found, out) if out is not None else []
    for line in tell.after(found, written, lang.value):
        typer.echo(line)


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
            console.print(f"[bold]{one.value}[/bold]")
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
        return typer.echo(_month(overrides or [], config_dir, lang.value))
    if name == "arrows":
        from sim.texts import arrows_text

        return typer.echo(arrows_text(lang.value))
    if overrides:
        raise InputError(overrides[0], f"is not asked for with {name}", "settings, with month only")
    typer.echo(_text(name, config_dir, lang.value))


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
    for part in known:
        if not parts or part in parts:
            _hold(part, replications, seed, draws, workers, markdown, lang.value)


def _hold(
    part: str, seeds: int, seed: int, draws: int, workers: int, as_text: bool, language: str
) -> None:
    from rich.console import Console

    if part == "cases":
        from sim.experiments.validate import as_markdown, print_validation
        from sim.experiments.validate import validate as hold

        result = hold(seeds, seed, workers, progress=True)
        return typer.echo(as_markdown(result)) if as_text else print_validation(result, Console())
    from sim.science import levels_table
    from sim.science.levels import run_levels
    from sim.science.trials import run_trials

    run = run_levels if part == levels_table.LEVELS else run_trials
    frame = run(seeds, seed, draws, workers, progress=True)
    if as_text:
        return typer.echo(levels_table.as_markdown(frame, part, language))
    return levels_table.print_checks(frame, part, Console(), language)


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
    typer.echo(done.line(lang.value))
    if not done.same:
        raise typer.Exit(1)


@app.command()
def reproduce(
    names: Annotated[
        list[str] | None, typer.Argument(help="Tables and figures, such as validate; default all")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few runs: compare rows and columns, not their numbers")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Put what was made into the pages")
    ] = False,
) -> None:
    """Make the tables and figures of README and documents anew; exit code 1 if one differs.

    [bold]Examples[/bold]

    xiaoqu reproduce --quick

    xiaoqu reproduce validate --write
    """
    from sim.reproduce import reproduce as make

    differing = 0
    for part in make(names or [], quick=quick, write=write):
        told = part.differs and ("rewritten, " if write else "differs, ") + part.differs
        typer.echo(f"{part.name} ({part.place}, {part.seconds:.1f} s): {told or 'the same'}")
        differing += bool(part.differs)
    if differing and not write:
        raise typer.Exit(1)


def main(words: list[str] | None = None) -> None:
    """Run the command and turn every expected failure into one line and an exit code.

    Args:
        words: The command line without the program's name; None takes the process's own.
    """
    if words is None:
        # No figure needs a window, and a backend named for other programs may not be there. Called
        # from Python, as in a notebook, the choice is the caller's.
        os.environ["MPLBACKEND"] = "Agg"
    try:
        try:
            _make_ready(sys.argv[1:] if words is None else words)
            app(args=words, prog_name="xiaoqu")
        finally:
            sys.stdout.flush()
    except InputError as error:
        _fail(str(error), 2)
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
        _fail("interrupted", INTERRUPTED)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _fail("interrupted", INTERRUPTED)
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
    for place, word in enumerate(words, 1):
        refuse_broken(word, f"word {place}")


def _drop_output() -> None:
    """What is still buffered must not be written at exit."""
    with suppress(OSError):  # called from Python, the output may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _console() -> Console:
    from rich.console import Console

    # A pipe has no width: give it one at which no name or key is cut off.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def _print_tree(tree: dict[str, Any]) -> None:
    import yaml

    typer.echo(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).rstrip())


def _fail(line: str, code: int) -> None:
    print(f"error: {line}" if code != INTERRUPTED else line, file=sys.stderr)
    sys.exit(code)


def _load_plugins(paths: list[Path] | None) -> None:
    """Run a user's files, which give the model parts of their own; only the command line may ask."""
    if paths:
        from sim.plugins import load_plugins

        load_plugins(paths)


def _table(kind: Kind, config_dir: Path | None) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for cells in _rows(kind, config_dir):
        table.add_row(*cells)
    return table


def _rows(kind: Kind, config_dir: Path | None) -> Iterator[tuple[str, str, str]]:
    from sim.compose import choices
    from sim.measures import CATALOGUE

    if kind is Kind.SCENARIOS:
        for name in choices("scenario", config_dir):
            scenario = _loaded("scenario", name, config_dir).scenario
            yield name, scenario.title, scenario.title_zh
    elif kind is Kind.CASES:
        from sim.library import MEASURES, cases

        for case in cases():
            lived = case.run.role if case.run else "not lived"
            yield case.id, f"{case.title}: {MEASURES[case.measure][0]}; {lived}", case.title_zh
    elif kind is Kind.POLICIES:
        for name in choices("policy", config_dir):
            policy = _loaded("policy", name, config_dir).policy
            alone = CATALOGUE.get(name)
            yield (
                name,
                policy.title or (alone.en if alone else ""),
                policy.title_zh or (alone.zh if alone else ""),
            )
    elif kind is Kind.EXPERIMENTS:
        for name in choices("experiment", config_dir):
            asked = _loaded("experiment", name, config_dir).experiment
            yield name, asked.title, asked.title_zh
    elif kind is Kind.INDICATORS:
        from sim.outcomes import INDICATORS

        for indicator in INDICATORS.values():
            yield indicator.name, indicator.en, indicator.zh
    elif kind is Kind.GROUPS:
        from sim.config import Config
        from sim.explain import group_in

        for name, field in Config.model_fields.items():
            if group := group_in(field.annotation):
                yield name, _first_line(group), ""
    elif kind is Kind.THEORIES:
        from sim.processes.fees import THEORIES
        from sim.texts import done

        for name, theory in THEORIES.items():
            yield name, theory.doc, done(theory, "zh")
    else:
        for name, measure in sorted(CATALOGUE.items()):
            if f"{measure.kind}s" == kind.value:
                yield name, measure.en, measure.zh


def _first_line(documented: Any) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0]


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
