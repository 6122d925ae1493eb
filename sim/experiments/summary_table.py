"""What is printed of a study: the main indicators, what was spent by whom, where it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sim import outcomes
from sim.as_text import MISSING, aside, title_of, value_text
from sim.experiments.comparison_table import policy_title
from sim.experiments.doubt_text import level_lines
from sim.experiments.store import Study
from sim.experiments.summary import NO_VALUE, unit_text
from sim.experiments.tables import print_place
from sim.outcomes import RATE, Indicator
from sim.phrases import phrases

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

MAIN = (
    "collection_rate", "satisfied_share", "trust_firm", "trust_cell", "grievance",
    "complaints_per_1000", "petitions_per_1000", "open_conflict_share", "issues_in_place_share",
    "service_condition", "committee_working", "firm_cash_yuan", "hours_spent", "yuan_spent",
)  # fmt: skip
"""Indicators of the printed summary, in its order, before one's own; those a version lacks are left out."""

WIDE = 120
"""Columns of a terminal from which a median and its interval stand on one line."""

WORDS = phrases("study")

ACTORS = phrases("actors")
"""Names of those who spend; one that is not here is shown as it is."""


def print_summary(study: Study, console: Console, language: str = "en") -> None:
    """Print the main indicators, what was spent by whom, and where the study is kept.

    Args:
        study: What to sum up.
        console: Rich console to print on; from 80 columns up nothing is cut.
        language: "en" or "zh".
    """
    words = WORDS[language]
    config = study.config
    policy = policy_title(config, config.policy.name, language)
    console.print(f"{title_of(config.scenario, language)} · {policy}", style="bold")
    console.print(_indicator_table(study, language, console.width >= WIDE))
    lived = int((study.runs["status"] == "ok").sum())
    note = words["runs"] if lived > 1 else words["one"]
    console.print(note.format(runs=lived), style="dim")
    console.print(RATE[language], style="dim")
    own = config.scenario.policy
    if own != config.policy.name and any(target.month > 0 for target in config.scenario.targets):
        # Runs of another policy neither meet nor miss what was told of this one.
        said = words["other_policy"].format(own=own, policy=policy)
        console.print(said, style="yellow")
    few = _shown_rows(study)["runs"]
    if (few < lived).any():
        some = few[few.between(1, lived - 1)]
        key = "missing" if lived == 1 else "missing_some" if len(some) else "missing_all"
        told = words["few"].format(runs=some.iloc[0], all=lived) if len(some) else ""
        console.print(words[key].format(few=told), style="dim")
    for line in level_lines(study.config, study.months, study.twins, study.precision, language):
        console.print(line)
    _print_failures(study, console, words)
    spent = spent_by_actor(study)
    if len(spent):
        console.print(WORDS[language]["spent"])
        console.print(_cost_table(spent, language))
    print_place(study, console, language)


def spent_by_actor(study: Study) -> pd.DataFrame:
    """Hours and yuan by actor from month 1 on, all compounds: median over the runs that lived.

    Returns:
        Columns hours and yuan, a row per actor in order of name; an actor that spent nothing in
        a run counts there as zero.
    """
    lived = study.runs.loc[study.runs["status"] == "ok", "run"]
    costs = study.costs[study.costs["month"] >= 1]
    total = costs.groupby(["actor", "run"], sort=True)[["hours", "yuan"]].sum()
    actors = sorted(costs["actor"].unique())
    every = pd.MultiIndex.from_product([actors, lived], names=["actor", "run"])
    return total.reindex(every, fill_value=0.0).groupby(level="actor").median()


def _indicator_table(study: Study, language: str, wide: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    words, shown = WORDS[language], _shown_months(study)
    last, lived = shown[-1], int((study.runs["status"] == "ok").sum())
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    narrow = None if wide else 9
    table.add_column(words["indicator"], min_width=22, overflow="fold")
    for month in shown:
        head = words["start"] if month == 0 else f"+{month}"
        head = words["end"].format(month=month) if month == last else head
        table.add_column(head, justify="right", max_width=narrow, overflow="fold")
    table.add_column(words["target"], min_width=16, overflow="fold")
    for name in _shown_indicators(study):
        indicator = outcomes.INDICATORS[name]
        rows = study.summary[study.summary["indicator"] == name]
        cells = [
            _cell(rows[rows["month"] == month], indicator, language, wide, lived) for month in shown
        ]
        label = Text(indicator.zh if language == "zh" else indicator.en)
        label.append(aside(unit_text(indicator, language), language), style="dim")
        table.add_row(label, *cells, _target_cell(rows, indicator, language))
    return table


def _shown_months(study: Study) -> list[int]:
    last, lived = int(study.months["month"].max()), set(study.months["month"])
    return [month for month in (0, 12, 24) if month in lived and month < last] + [last]


def _shown_indicators(study: Study) -> list[str]:
    targeted = [target.indicator for target in study.config.scenario.targets]
    shown = dict.fromkeys(outcomes.with_own((*MAIN, *targeted)))
    return [name for name in shown if name in outcomes.INDICATORS]


def _shown_rows(study: Study) -> pd.DataFrame:
    rows = study.summary
    here = rows["indicator"].isin(_shown_indicators(study)) & rows["month"].isin(
        _shown_months(study)
    )
    return rows[here]


def _cell(rows: pd.DataFrame, indicator: Indicator, language: str, wide: bool, lived: int) -> Text:
    from rich.text import Text

    if not len(rows):
        return Text(MISSING)
    row = rows.iloc[0]
    middle, low, high = (value_text(row[c], indicator, language) for c in ("median", "low", "high"))
    cell = Text(middle)
    if row["runs"] > 1:
        cell.append(f"{' ' if wide else chr(10)}[{low}, {high}]", style="dim")
    if 0 < row["runs"] < lived:
        few = WORDS[language]["few"].format(runs=row["runs"], all=lived)
        cell.append(f"{' ' if wide else chr(10)}{few}", style="dim")
    return cell


_STYLES = {"inside": "green", NO_VALUE: "yellow"}


def _target_cell(rows: pd.DataFrame, indicator: Indicator, language: str) -> Text:
    from rich.text import Text

    words = WORDS[language]
    cell = Text()
    for row in rows[rows["verdict"] != ""].to_dict("records"):
        low, high, counted, shown = (
            value_text(row[c], indicator, language)
            for c in ("target_low", "target_high", "counted", "median")
        )
        if len(cell):
            cell.append("\n")
        cell.append(f"{low} {words['to']} {high} {words['month'].format(month=row['month'])}\n")
        if counted not in (shown, MISSING):
            # A verdict on a mean of months or a change, which is not what the table shows of this month.
            cell.append(words["counted"].format(value=counted) + "\n")
        cell.append(words[row["verdict"]], style=_STYLES.get(row["verdict"], "red"))
        cell.append(f", {words[row['use']]}", style="dim")
    return cell


def _cost_table(spent: pd.DataFrame, language: str) -> Table:
    from rich import box
    from rich.table import Table

    words = WORDS[language]
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column(words["actor"])
    table.add_column(words["hours"], justify="right")
    table.add_column(words["yuan"], justify="right")
    for actor, hours, yuan in zip(spent.index, spent["hours"], spent["yuan"], strict=True):
        name = ACTORS[language].get(str(actor), str(actor))
        table.add_row(name, f"{hours:,.0f}", f"{yuan:,.0f}")
    return table


def _print_failures(study: Study, console: Console, words: dict[str, str]) -> None:
    failed = study.runs[study.runs["status"] == "failed"]
    if not len(failed):
        return
    first = failed.iloc[0]
    line = words["failed"].format(
        failed=len(failed), all=len(study.runs), seed=first["seed"], stage=first["stage"]
    )
    console.print(f"{line} {first['message']}", style="red")
