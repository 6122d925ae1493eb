"""The books of one run: month by month who serves, what came in, what it cost, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.agents.budget import BOOK, Provider
from sim.config import Config
from sim.errors import InputError
from sim.experiments.answers import Answer
from sim.model import NeighborhoodModel
from sim.phrases import phrases
from sim.processes.service import Line
from sim.world.units import FEN_PER_YUAN

if TYPE_CHECKING:
    from rich.console import Console

WHO = phrases("books_who")
HEADS = phrases("books")
"""Columns of the table as they are printed."""


@dataclass(frozen=True, repr=False)
class Books(Answer):
    """The books of one run.

    Attributes:
        config: What was run.
        months: What ``books`` gives.
    """

    TABLES = ("months",)
    MAIN = "months"
    SHOWN = "sim.experiments.books:print_books"
    folder = None

    config: Config
    months: pd.DataFrame

    @property
    def about(self) -> dict[str, Any]:
        """Which run."""
        return {"scenario": self.config.scenario.name, "policy": self.config.policy.name}


def kept_books(config: Config, compound: int) -> Books:
    """The same as an answer, see ``books``."""
    return Books(config, books(config, compound=compound))


def books(config: Config, seed: int | None = None, compound: int = 0) -> pd.DataFrame:
    """Live one run and keep the books of one compound.

    Args:
        config: Whose first seed is lived.
        seed: Another seed.
        compound: Number of the compound.

    Returns:
        A row a month: ``month``, ``who`` (``Provider``), shares ``collected`` (missing where nothing was due),
        ``staff``, ``upkeep``, ``facilities`` (condition), and in yuan the entries of ``BOOK``, ``cash`` and
        ``year`` (result of the last twelve months).

    Raises:
        InputError: There is no such compound.
    """
    model = NeighborhoodModel(config, seed=config.seed if seed is None else seed)
    if not 0 <= compound < len(model.compounds):
        allowed = f"0 to {len(model.compounds) - 1}"
        raise InputError("compound", f"{compound} is not there", allowed)
    one = model.compounds[compound]
    firm, rows = one.firm, []
    while model.month < config.months:
        model.step()
        due = float(one.census.due_fen)
        rows.append(
            {
                "month": model.month, "who": Provider(firm.provider),
                "collected": one.collection_rate if due and one.census.billed_fen else float("nan"),
                "staff": firm.staff, "upkeep": firm.upkeep, "facilities": float(one.condition[Line.FACILITIES]),
                **{name: fen / FEN_PER_YUAN for name, fen in firm.last.items()},
                "cash": firm.cash_fen / FEN_PER_YUAN, "year": firm.year_result_fen / FEN_PER_YUAN,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def tell_books(rows: pd.DataFrame, language: str = "en") -> str:
    """The books as a table of text: shares in percent, money in thousands of yuan (千元)."""
    heads = HEADS[language]
    lines = ["\t".join(heads.values())]
    for row in rows.to_dict("records"):
        cells = [str(row["month"]), WHO[language][row["who"]]]
        for name in ("collected", "staff", "upkeep", "facilities"):
            cells.append("-" if row[name] != row[name] else f"{row[name]:.0%}")
        cells += [f"{row[name] / 1000:.1f}" for name in (*BOOK, "cash", "year")]
        lines.append("\t".join(cells))
    return "\n".join(lines)


def print_books(books: Books, console: Console, language: str = "en") -> None:
    """Print the table."""
    print(tell_books(books.months, language), file=console.file)
