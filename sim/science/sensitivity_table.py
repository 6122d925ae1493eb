"""What is printed of a sensitivity analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.sensitivity import Sensitivity

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
                f"{row['low']:.3g} to {row['high']:.3g}", f"{row['mu_star']:.3g}",
                f"{row['mu_star_low']:.3g} to {row['mu_star_high']:.3g}", f"{row['noise']:.2g}",
            ]  # fmt: skip
            for word in ("first", "total"):
                cells.append("" if shares is None else _interval(shares, word))
            table.add_row(*cells)
        console.print(f"[bold]{name}[/bold] at month {month:+d}")
        console.print(table)
        none = int((part["mu_star"] == 0).sum())
        console.print(
            f"{int(part['above'].sum())} of {len(part)} above the noise of seeds, {none} without any effect"
        )
    for row in result.noise.to_dict("records"):
        console.print(
            f"{row['stage']}, {row['indicator']} at {row['month']:+d}: {row['points']:,} points x "
            f"{row['seeds']} common seeds, {row['least']:.3g} to {row['greatest']:.3g}, "
            f"share of variance from seeds {row['seed_share']:.2g}"
        )
    if result.folder is not None:
        console.print(f"kept in {result.folder}", markup=False)


def _interval(row: Any, word: str) -> str:
    return f"{row[word]:.2f} [{row[f'{word}_low']:.2f}, {row[f'{word}_high']:.2f}]"
