"""What is printed of a sensitivity analysis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim import as_text
from sim.experiments.summary import spread_text
from sim.science.sensitivity import MORRIS, SOBOL

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.sensitivity import Sensitivity

LEFT_OUT = {
    MORRIS: "a run of theirs has no value",
    SOBOL: "they stand in a row of Sobol's matrices in which a run has no value",
}
"""Why points do not count."""

SHOWN = 12
"""Factors that the printed table names of each output."""


def print_sensitivity(result: Sensitivity, console: Console) -> None:
    """Print the top factors of every output, what seeds may do, and the indices."""
    from rich.table import Table

    indices = {
        (row["indicator"], row["month"], row["key"]): row
        for row in result.indices.to_dict("records")
    }
    for name, month in result.question.outputs:
        here = (result.screening["indicator"] == name) & (result.screening["month"] == month)
        part = result.screening[here]
        table = Table("rank", box=None)
        for head in ("key", "range", "mu*", "95%", "noise", "first", "total"):
            table.add_column(head, no_wrap=True)
        for row in part.sort_values("rank").head(SHOWN).to_dict("records"):
            key = (name, month, row["key"])
            shares = indices.get(key)
            cells = [
                str(row["rank"]), row["key"].removeprefix("policy.measures."),
                f"{row['low']:.3g} to {row['high']:.3g}", _number(row["mu_star"]),
                _range(row["mu_star_low"], row["mu_star_high"]), _number(row["noise"], 2),
            ]  # fmt: skip
            for word in ("first", "total"):
                cells.append("" if shares is None else _interval(shares, word))
            table.add_row(*cells)
        console.print(f"{name} at month {month:+d}", style="bold")
        console.print(table)
        none = int((part["mu_star"] == 0).sum())
        console.print(
            f"{int(part['above'].sum())} of {len(part)} above the noise of seeds, {none} without any effect"
        )
    for row in result.noise.to_dict("records"):
        console.print(
            f"{row['stage']}, {row['indicator']} at {row['month']:+d}: {row['points']:,} points x "
            f"{row['seeds']} common seeds, {_range(row['least'], row['greatest'])}, "
            f"share of variance from seeds {_number(row['seed_share'], 2)}"
        )
        if row["missing"]:
            console.print(
                f"  {row['missing']:,} more points are left out: {LEFT_OUT[row['stage']]}, as of fees "
                "collected where no firm serves",
                style="red",
            )
    if result.folder is not None:
        console.print(f"kept in {result.folder}")


def _interval(row: Any, word: str) -> str:
    return spread_text(row, (word, f"{word}_low", f"{word}_high"), lambda value: f"{value:.2f}")


def _number(value: float, digits: int = 3) -> str:
    return as_text.MISSING if math.isnan(value) else f"{value:.{digits}g}"


def _range(low: float, high: float) -> str:
    return as_text.MISSING if math.isnan(low) else f"{low:.3g} to {high:.3g}"
