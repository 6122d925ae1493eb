"""How each table and figure of the documents that comes from runs is made.

Every maker takes ``quick``: few runs, whose numbers say nothing but whose tables have the same shape.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import remade_why

from sim.as_text import MISSING as DASH
from sim.experiments import paired
from sim.experiments.summary import markdown

if TYPE_CHECKING:
    from sim.posterior.answer import Pool
    from sim.science.attribute import Attribution
    from sim.science.calibrate import Calibration
    from sim.science.carried import Carried
    from sim.science.optimise import Optimum
    from sim.science.predict import Prediction
    from sim.science.robustness import Robustness
    from sim.science.sensitivity import Sensitivity

LANGUAGES = ("en", "zh")
POOLED = ("scores", "predictions", "parameters", "levels", "audit", "able", "coverage")
"""Tables of the pooled fit, see ``sim.posterior.answer_tables``."""
BUNDLE = "five_level_linkage"


@cache
def _place() -> tempfile.TemporaryDirectory[str]:
    """A folder for answers that several tables share, gone when the program ends."""
    return tempfile.TemporaryDirectory(prefix="xiaoqu-reproduce-")


# --- the cases, and patterns --------------------------------------------------------------------


def validation(quick: bool) -> str:
    """Every case and pattern beside the model."""
    from sim.experiments.validate import as_markdown, validate

    return as_markdown(validate(2 if quick else 10, progress=not quick))


def levels(quick: bool) -> str:
    """Untouched compounds beside what is known of many."""
    from sim.science.levels import run_levels
    from sim.science.levels_table import LEVELS, as_markdown

    return as_markdown(run_levels(*_checks(quick, 40), progress=not quick), LEVELS)


def trials(quick: bool) -> str:
    """Published field trials, run in the model."""
    from sim.science.levels_table import TRIALS, as_markdown
    from sim.science.trials import run_trials

    return as_markdown(run_trials(*_checks(quick, 10), progress=not quick), TRIALS)


def trials_doubt(quick: bool) -> str:
    """The same trials, each compound under a parameter set of its own from the posterior."""
    from sim.science.levels_table import TRIALS, as_markdown
    from sim.science.trials import run_trials

    seeds, seed, _ = _checks(quick, 20)
    frame = run_trials(seeds, seed, progress=not quick, doubt="on")
    return as_markdown(frame, TRIALS, columns=("check", "allowed", "model", "verdict"))


def _checks(quick: bool, seeds: int) -> tuple[int, int, int]:
    """Seeds, the first of them, and draws."""
    return (1, 1, 2) if quick else (seeds, 1, 24)


def _between(low: float, high: float) -> str:
    """An interval in percent, or that there is none: one seed alone has a value in every case."""
    return DASH if low != low else f"{100 * low:.1f} to {100 * high:.1f}"


def _percent(values: pd.Series, digits: int = 0) -> str:
    """Median and 90% of runs, in percent."""
    if not values.notna().any():
        return DASH
    middle, low, high = (f"{100 * values.quantile(q):.{digits}f}" for q in (0.5, 0.05, 0.95))
    return f"{middle}% ({low} to {high})"


def patterns(quick: bool) -> str:
    """The patterns by which the model is judged, for ``docs/odd.md``."""
    from sim.compose import load
    from sim.experiments.run import run

    size: dict[str, Any] = {"replications": 2 if quick else 30, "seed": 1}
    bundle = run(load("kangqiao", policy=BUNDLE, months=24, **size)).months
    alone = run(load("kangqiao", policy="none", months=24, **size)).months
    usual = run(load(months=60, **size)).months

    def at(frame: pd.DataFrame, name: str, month: int) -> pd.Series:
        return frame[frame["month"] == month].set_index("run")[name]

    rate, satisfied, solved = (
        at(bundle, name, 24)
        for name in ("collection_rate", "satisfied_share", "issues_in_place_share")
    )
    failed = at(bundle, "failed_votes", 0)
    formed = usual.groupby("run")["committee_working"].max() > 0
    told = [
        f"at month 0, after 48 months of history, {_percent(at(bundle, 'collection_rate', 0), 1)} collected",
        f"{_percent(rate)} at month 24; {rate.between(0.6, 0.8).mean():.0%} of runs inside the assumed 60 to 80%",
        f"{_percent(satisfied)} at month 24; {(satisfied >= 0.8).mean():.0%} of runs at 80% or more",
        f"{failed.median():.0f} failed votes by month 0 ({failed.quantile(0.05):.0f} to "
        f"{failed.quantile(0.95):.0f}); {(failed > 0).mean():.0%} of runs have at least one",
        f"{_percent(solved)} at month 24; {(solved >= 0.7).mean():.0%} of runs at 70% or more",
        f"a default compound gets one within 60 months in {formed.mean():.0%} of runs",
        f"default compound: {at(usual, 'collection_rate', 24).median():.0%} at month 24, "
        f"{at(usual, 'collection_rate', 60).median():.0%} at month 60",
        f"{at(alone, 'collection_rate', 24).median():.0%} collected and "
        f"{at(alone, 'satisfied_share', 24).median():.0%} satisfied at month 24",
    ]  # fmt: skip
    head = ["pattern", "source", "fitted?", "model, medians with 5th and 95th percentile"]
    return markdown(head, [[*row, text] for row, text in zip(_PATTERNS, told, strict=True)])


_PATTERNS = (
    ("P1 decline：“环境恶化—物业费收缴难—服务降级—矛盾激化”", "004", "by the history's sizes"),
    ("P2 collection “从10%提升至70%” in about two years", "004", "by hand and in the pooled fit"),
    ("P3 “居民满意度达90%” at the end", "004", "by hand and in the pooled fit"),
    ("P4 elections “多次‘流产’”", "004", "no"),
    ("P5 “70%以上实现就地化解” (told of the street's grids)", "004", "the street's figure, in the pooled fit"),
    ("P6 committees in “全国仅约30%” of compounds", "000", "no"),
    ("P7 an ordinary compound collects 71 to 90% (sources disagree, weak)", "outside", "yes, by hand"),
    ("Kangqiao without measures", "none", "no"),
)  # fmt: skip


# --- arrows -------------------------------------------------------------------------------------

LEAST = 0.02
"""Difference of fees collected, or of mean satisfaction, from which an arrow has a row of its own."""


@cache
def _carried(quick: bool) -> Carried:
    """What each arrow carries in each stage; with one seed alone there are no intervals."""
    from sim.science.carried import carried

    return carried(replications=1 if quick else 20)


def arrows(quick: bool) -> str:
    """What becomes of fees in each case and stage without each arrow, for ``docs/trace.md``."""
    return arrows_rows(_carried(quick))


def arrows_rows(found: Carried) -> str:
    """A row per arrow that moves fees by ``LEAST`` somewhere for sure, the strongest first."""
    from sim.science.carried import STAGES

    stages = [stage for stage in STAGES if stage.name in set(found.levels["stage"])]
    levels = found.levels[found.levels["outcome"] == "collection"]
    level: dict[Any, Any] = levels.set_index("stage").to_dict("index")
    head = ["cut", *(stage.en for stage in stages)]
    first = ["none: fees collected, %"]
    for stage in stages:
        mean, low, high = (level[stage.name][part] for part in ("mean", "low", "high"))
        first.append(f"{100 * mean:.0f} ({_between(low, high)})")
    effects = {stage.name: found.of(stage.name, "collection") for stage in stages}
    names = list(dict.fromkeys(found.effects["arrow"]))
    most = {n: max(_strength(effects[s.name][n]) for s in stages) for n in names}
    told = sorted((n for n in names if most[n] >= LEAST), key=lambda n: -most[n])
    rows = [
        [
            f"`{name.replace('+', '` and `')}`",
            *(_points(effects[stage.name][name]) for stage in stages),
        ]
        for name in told
    ]
    rest = [f"the other {len(names) - len(told)}", *(DASH for _ in stages)]
    return markdown(head, [first, *rows, rest])


def _strength(effect: dict[str, Any]) -> float:
    """Size of an effect, 0 where its interval holds 0."""
    sure = effect["low"] > 0.0 or effect["high"] < 0.0
    return abs(float(effect["mean"])) if sure else 0.0


def _points(effect: dict[str, Any]) -> str:
    low, high = 100 * effect["low"], 100 * effect["high"]
    text = f"{100 * effect['mean'] + 0.0:+.1f} ({low + 0.0:+.1f} to {high + 0.0:+.1f})"
    return text if _strength(effect) > 0.0 else DASH


def loops_figure(quick: bool, stem: Path | None) -> pd.DataFrame:
    """The loops with their strengths; numbers of every arrow, stage and outcome."""
    from sim.figures import style
    from sim.figures.loops import loops

    found = _carried(quick)
    for language in LANGUAGES if stem else ():
        style.save(loops(found, language), Path(f"{stem}-{language}"), ["svg"], {"arrows": "cut"})
    whole = found.levels.assign(arrow="none")[
        ["stage", "arrow", "outcome", "mean", "low", "high", "n"]
    ]
    return pd.concat([whole, found.effects], ignore_index=True)


def mechanisms_figure(quick: bool, stem: Path | None) -> pd.DataFrame:
    """Each mechanism with its arrow and without it, over months."""
    from with_without import PANELS, with_and_without

    from sim.compose import load
    from sim.experiments.run import run
    from sim.figures import style

    parts = []
    for panel in PANELS:
        for cut in (False, True):
            size: dict[str, Any] = {"replications": 2 if quick else 10, "months": panel.months}
            named = [panel.arrow] if cut else []
            config = load(panel.scenario, policy=panel.policy, cut=named, **size, **panel.settings)
            months = run(config).months
            values = months[months["month"] >= panel.since].pivot_table(
                index="month", columns="run", values=panel.indicator, aggfunc="mean", dropna=False
            )
            told = [paired.mean(row[~pd.isna(row)]) for row in values.to_numpy(float)]
            parts.append(
                pd.DataFrame(
                    {
                        "arrow": panel.arrow,
                        "cut": cut,
                        "month": values.index,
                        "mean": [one.value for one in told],
                        "low": [one.low for one in told],
                        "high": [one.high for one in told],
                    }
                )
            )
    numbers = pd.concat(parts, ignore_index=True)
    for language in LANGUAGES if stem else ():
        figure = with_and_without(numbers, PANELS, language)
        style.save(figure, Path(f"{stem}-{language}"), ["svg"], {"mechanisms": "cut"})
    return numbers


# --- the figure of the README -------------------------------------------------------------------


def kangqiao_figure(quick: bool, stem: Path | None) -> pd.DataFrame:
    """Numbers of the figure of the README; drawn too where a stem is given."""
    from sim.compose import load
    from sim.experiments.run import run
    from sim.experiments.summary import run_means
    from sim.figures import style
    from sim.figures.trajectories import MAIN, trajectories

    study = run(load("kangqiao", policy=BUNDLE, replications=2 if quick else 30))
    for language in LANGUAGES if stem else ():
        figure = trajectories(study.months, study.config, language=language, twins=study.twins)
        style.save(figure, Path(f"{stem}-{language}"), ["svg"], study.provenance)
    ranges = {
        (name, f"q{share:02.0f}"): run_means(study.months, name).quantile(share / 100)
        for name in MAIN
        for share in (5, 25, 50, 75, 95)
    }
    table = pd.concat(ranges, axis=1)
    table.columns = ["_".join(names) for names in table.columns]
    return table.rename_axis("month").reset_index()


# --- pages of science ---------------------------------------------------------------------------


def attribution(quick: bool) -> str:
    """Parts of the bundle's measures."""
    from sim.questions.attribute import attribute

    size: dict[str, Any] = {"replications": 2} if quick else {}
    return attribution_rows(attribute("kangqiao", policy=BUNDLE, **size))


def attribution_rows(answer: Attribution) -> str:
    """Shapley values of collection, largest first."""
    from sim.experiments.tables import measure_title

    rows = answer.values[answer.values["outcome"] == "collection_rate"]
    lines = [
        [
            measure_title(answer.question.config, row["measure"], "en"),
            f"{100 * row['value']:.1f} ({_between(row['low'], row['high'])})",
            f"{round(100 * row['alone'], 1) + 0.0:.1f}",
            f"{100 * row['left_out']:.1f}",
            f"{row['hours']:,.0f}",
            f"{row['yuan']:,.0f}",
        ]
        for row in rows.sort_values("value", ascending=False).to_dict("records")
    ]
    return markdown(
        ["measure", "part, points", "alone", "lost if left out", "hours", "yuan"], lines
    )


def sensitivity(quick: bool) -> str:
    """The first five parameters by Sobol's total index."""
    from sim.questions.sensitivity import sensitivity as ask

    size: dict[str, Any] = (
        {"over": ["fees"], "trajectories": 2, "top": 5, "samples": 4} if quick else {}
    )
    return sensitivity_rows(ask("kangqiao", policy=BUNDLE, **size))


def sensitivity_rows(answer: Sensitivity) -> str:
    """Morris's mu* and Sobol's total index at two months."""
    months = [month for _, month in answer.question.outputs]
    screened = {(r["month"], r["key"]): r["mu_star"] for r in answer.screening.to_dict("records")}
    indices = {(r["month"], r["key"]): r for r in answer.indices.to_dict("records")}
    of_first = answer.indices[answer.indices["month"] == months[0]]
    first = of_first.sort_values("total", ascending=False)["key"].tolist()[:5]

    def cells(key: str, month: int) -> list[str]:
        row = indices[month, key]
        total = f"{row['total']:.2f} [{row['total_low']:.2f}, {row['total_high']:.2f}]"
        return [f"{100 * screened[month, key]:.0f}", total]

    head = ["", *(f"{what}, {month:+d}" for month in months for what in ("mu*, points", "total [95%]"))]  # fmt: skip
    rows = [[f"`{key}`", *(cell for m in months for cell in cells(key, m))] for key in first]
    return markdown(head, rows)


def folds(quick: bool) -> str:
    """Where the loop's legs cross half of the fees collected."""
    from sim.questions.tipping import tipping

    size: dict[str, Any] = {"replications": 1, "hold": 24} if quick else {}
    found = tipping("kangqiao", parts=["loop"], **size).folds
    head = ["fold", "leg", "median shift", "range over seeds", "seeds"]
    rows = []
    for (leg, fold), part in found.groupby(["leg", "fold"], sort=False):
        levels = part.groupby("seed")["level"].first()
        rows.append(
            [str(fold), str(leg), f"{levels.median() + 0.0:+.1f}",
             f"{levels.min() + 0.0:+.1f} to {levels.max() + 0.0:+.1f}", str(len(levels))]
        )  # fmt: skip
    return markdown(head, rows)


def optimum(quick: bool) -> str:
    """The frontier of cost and probability."""
    from sim.questions.optimise import optimise

    size: dict[str, Any] = {"trials": 10, "worlds": 4, "check": 4} if quick else {}
    return optimum_rows(optimise("kangqiao", target="collection_rate>=0.6 at +24", **size))


def optimum_rows(answer: Optimum) -> str:
    """A row per policy of the frontier, the chosen one marked."""
    rows = []
    for row in answer.frontier.to_dict("records"):
        parts = answer.policies[answer.policies["policy"] == row["policy"]].to_dict("records")
        told = [f"{part['measure']} {part['dose']:g}@{part['start']}" for part in parts]
        rows.append(
            [
                f"{row['policy']}{' (chosen)' if row['chosen'] else ''}",
                ", ".join(told) or "none",
                f"{row['cost']:,.0f}",
                f"{row['hours']:,.0f}",
                f"{100 * row['searched']:.0f}%",
                f"{100 * row['probability']:.0f}% [{100 * row['low']:.0f}, {100 * row['high']:.0f}]",
            ]
        )
    head = ["policy", "measures: dose@first month", "cost, yuan", "hours", "search", "fresh worlds [95%]"]  # fmt: skip
    return markdown(head, rows)


def worlds(quick: bool) -> str:
    """The ranking of policies in many worlds."""
    from sim.questions.robustness import robustness

    size: dict[str, Any] = {"draws": 40, "replications": 2} if quick else {}
    return worlds_rows(robustness("kangqiao", **size))


def worlds_rows(answer: Robustness) -> str:
    """Mean collection by world and policy; of the draws, the share in which each leads."""
    from sim.science.robustness import DRAW

    frame = answer.ranking[answer.ranking["outcome"] == "collection_rate"]
    policies = list(answer.question.policies)
    rows = []
    for (family, world), part in frame.groupby(["family", "world"], sort=False):
        by = part.set_index("policy")["first" if family == DRAW else "value"].to_dict()
        values = [
            f"{100 * by[policy]:.0f}%" if by[policy] == by[policy] else DASH for policy in policies
        ]
        name = "leads, of the draws" if family == DRAW else f"{family}: {world}"
        rows.append([name, *values])
    return markdown(["world", *policies], rows)


def calibration(quick: bool) -> str:
    """Figures under prior and posterior."""
    return calibration_rows(_calibrated(quick))


def parameters(quick: bool) -> str:
    """What the figures say about each parameter."""
    return parameters_rows(_calibrated(quick))


def _calibrated(quick: bool) -> Calibration:
    from sim.questions.calibrate import calibrate

    size: dict[str, Any] = {"particles": 20, "simulations": 600, "draws": 10} if quick else {}
    return calibrate("kangqiao", out=Path(_place().name), **size)


def calibration_rows(answer: Calibration) -> str:
    """A row per figure held against."""
    head = ["figure", "allowed", "prior [90%]", "posterior [90%]", "runs inside"]
    rows = [
        [
            f"{row['label']} ({row['month']:+d})",
            f"{100 * row['low']:.0f} to {100 * row['high']:.0f}%",
            *(
                f"{100 * row[f'{of}median']:.1f}% [{100 * row[f'{of}q05']:.1f}, {100 * row[f'{of}q95']:.0f}]"
                for of in ("prior_", "")
            ),
            f"{100 * row['share_inside']:.0f}%",
        ]
        for row in answer.figures.to_dict("records")
    ]
    return markdown(head, rows)


def parameters_rows(answer: Calibration) -> str:
    """A row per parameter, the most learnt first."""
    rows = []
    for row in answer.parameters.sort_values("width").to_dict("records"):
        digits = 2 if row["prior_high"] <= 1 else 1
        middle, low, high = (f"{row[q]:.{digits}f}" for q in ("median", "q05", "q95"))
        rows.append(
            [f"`{row['parameter']}`", f"{row['prior_low']:g} to {row['prior_high']:g}",
             f"{row['default']:g}", f"{middle} [{low}, {high}]", f"{row['width']:.2f}"]
        )  # fmt: skip
    head = ["parameter", "prior", "by hand", "posterior median [90%]", "width / prior"]
    return markdown(head, rows)


def predicted(quick: bool) -> str:
    """Kangqiao fitted, the other cases predicted."""
    from sim.questions.predict import predict

    if quick:
        size: dict[str, Any] = {"particles": 20, "simulations": 600, "draws": 10, "heavy_draws": 4}
        return predicted_rows(predict(cases=["kangqiao", "tongqiao"], **size))
    return predicted_rows(predict(out=Path(_place().name)))


def predicted_rows(answer: Prediction) -> str:
    """A row per figure that was not fitted."""
    from sim.science.predict import cells

    head, rows = cells(answer)
    kept = [k for k, title in enumerate(head) if title != "fitted to"]
    return markdown(
        [head[k] for k in kept],
        [[row[k] for k in kept] for row in rows if not row[-1].endswith(", fitted")],
    )


@cache
def _pool(quick: bool) -> Pool:
    from sim.questions.pool import pool

    if quick:
        return cast("Pool", pool(draws=128, particles=50, kept=20))
    return cast("Pool", pool(draws=1536, truths=300, out=Path(_place().name), progress=True))


def _pooled(name: str) -> Callable[[bool], str]:
    """One of the tables of the pooled fit."""

    def made(quick: bool) -> str:
        from sim.posterior import answer_tables

        return markdown(*getattr(answer_tables, name)(_pool(quick)))

    return made


LIVED: dict[str, Callable[[bool], str]] = {
    "levels": levels,
    "trials": trials,
    "trials_doubt": trials_doubt,
    "validate": validation,
    "patterns": patterns,
    "arrows": arrows,
    "attribution": attribution,
    "why_chains": remade_why.chains,
    "why_chains_in_bundle": remade_why.chains_in_bundle,
    "folds": folds,
    "worlds": worlds,
    "optimum": optimum,
    "sensitivity": sensitivity,
    "calibration": calibration,
    "parameters": parameters,
    "predicted": predicted,
    **{f"pooled_{name}": _pooled(name) for name in POOLED},
}
"""Tables made from runs: quick or not, to Markdown."""

ROWS_OF_RUNS = frozenset(LIVED) - {"levels", "trials", "validate", "patterns"}
"""Tables whose very rows come from runs, in their order or number: a quick run has the head only."""

FIGURES: dict[str, Callable[[bool, Path | None], pd.DataFrame]] = {
    "kangqiao": kangqiao_figure,
    "loops": loops_figure,
    "mechanisms": mechanisms_figure,
    "why_household": remade_why.household_figure,
    "why_kangqiao": remade_why.effect_figure("kangqiao", BUNDLE),
    "why_ordinary": remade_why.effect_figure("ordinary_estate", "service_standard"),
    "why_chain": remade_why.chain_figure("ordinary_estate", "service_standard"),
    "why_loops": remade_why.loops_figure,
}
"""Figures of the documents: quick or not, and where to draw it, to the numbers drawn."""
