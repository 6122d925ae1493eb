"""What printed tables share: a plain table, where an answer is kept, a measure's title, the unit of a difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sim.as_text import LONGEST_TITLE, aside, clean
from sim.experiments.summary import unit_text
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.phrases import phrases

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sim.config import Config

WORDS = phrases("tables")


def measure_title(config: Config, label: str, language: str = "en") -> str:
    """What people call a measure of the policy; its label too where one measure stands twice."""
    named = config.policy.measures[label].get("measure", label)
    measure = CATALOGUE[named]
    title = measure.zh if language == "zh" else measure.en
    return title if named == label else title + aside(label_name(label, language), language)


def label_name(label: str, language: str = "en") -> str:
    """What a bundle calls a measure that it has twice: its key in English, as commands name it, else in words."""
    said = clean(label, LONGEST_TITLE)
    return WORDS["zh"].get(f"label_of_{label}", said) if language == "zh" else said


def unit_of(outcome: str, language: str = "en") -> tuple[float, str]:
    """By what a difference is multiplied to be shown, and its unit."""
    if INDICATORS[outcome].share:
        return 100.0, WORDS[language]["points"]
    return 1.0, unit_text(INDICATORS[outcome], language)


def new_table(heads: list[str]) -> Table:
    """A plain table, first column to the left."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for place, head in enumerate(heads):
        # Chinese has no blanks to break at: a name that does not fit is folded, not cut.
        table.add_column(head, justify="left" if place == 0 else "right", overflow="fold")
    return table


def print_rows(
    console: Console, head: Sequence[str], rows: Iterable[Iterable[str]], title: str | None = None
) -> None:
    """Print a plain table whose columns all stand to the left."""
    from rich import box
    from rich.table import Table

    table = Table(
        *head, title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for row in rows:
        table.add_row(*row)
    console.print(table)


def print_place(answer: Any, console: Console, language: str = "en") -> None:
    """Say where an answer and its figures are kept."""
    if answer.folder is None:
        return
    words = WORDS[language]
    drawn = sorted((answer.folder / "figures").glob(f"*-{language}.png"))
    for line in [words["kept"].format(answer.folder), *map(words["figures"].format, drawn)]:
        # A path that is broken over lines can be neither copied nor clicked.
        console.print(line, soft_wrap=True)
