"""Tipping: two states under one set of parameters, what each takes to leave, and the smallest push.

``xiaoqu tipping`` answers three questions: ``loop`` (``hysteresis``), ``basin`` and ``push``, each in
a file of its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.config import Config
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.science.basin import UPKEEP, basin
from sim.science.hysteresis import COLLAPSE, LEGS, RECOVERY, Drive, loops
from sim.science.push import AFTER, DOSE, ENOUGH, MONTHS, pushes

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, repr=False)
class Tipping(Answer):
    """A question and its answer, in tidy frames; those of a part not asked for have no rows.

    Attributes:
        question: What was asked.
        loop: Fees collected by seed, leg and level of the parameter.
        folds: A row per seed and fold met: "collapse" or "recovery", leg, level.
        basin: A row per upkeep, collection and grievance at the start: mean fees collected in the
            last of ten years, and share of seeds that recover.
        push: A row per policy and kind ("dose" or "months"): smallest that held, greatest that
            failed, share of seeds held.
        tried: A row per push lived.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("loop", "folds", "basin", "push", "tried")
    MAIN = "folds"
    SHOWN = "sim.science.tipping:print_tipping"
    BILINGUAL = False
    WIDTH = 160
    FIGURES = "sim.figures.tipping"

    question: Question
    loop: pd.DataFrame
    folds: pd.DataFrame
    basin: pd.DataFrame
    push: pd.DataFrame
    tried: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False


@dataclass(frozen=True)
class Question(Kept):
    """What is asked.

    Attributes:
        config: The compound, without policy.
        estate: The generic estate whose starts are painted.
        parts: Some of ``PARTS``.
        moved: What the loop moves.
        grid: Starts on each side of the basin.
        policies: Which pushes are tried: configurations by the name of their policy.
        duration: Months of a push whose dose is sought.
        threshold: Share of fees between the two states.
    """

    config: Config
    estate: Config
    parts: tuple[str, ...]
    moved: Drive
    grid: int
    policies: dict[str, Config]
    duration: int
    threshold: float

    ANSWER = Tipping

    @property
    def asked(self) -> Asked:
        """All that decides the answer."""
        moved = self.moved
        said: dict[str, Any] = {"parts": list(self.parts), "threshold": self.threshold}
        if "loop" in self.parts:
            said["moved"] = [list(moved.keys), moved.low, moved.high, moved.steps, moved.hold]
        if "basin" in self.parts:
            said["basin"] = [self.estate.fingerprint(), self.grid]
        if "push" in self.parts:
            # By what they do: a bundle of one's own may change under its name.
            tried = {n: c.resolved()["policy"]["measures"] for n, c in self.policies.items()}
            said["push"] = [tried, self.duration]
        others = (self.estate, *self.policies.values())
        return Asked("tipping", self.config, said, others=others)

    def maker(self, how: How) -> Maker:
        """What lives the parts that are asked for."""
        return partial(_live, self, how.progress)


def _live(question: Question, progress: bool) -> dict[str, pd.DataFrame]:
    q, frames = question, {name: pd.DataFrame() for name in Tipping.TABLES}
    if "loop" in q.parts:
        frames["loop"], frames["folds"] = loops(q.config, q.moved, q.threshold, progress)
    if "basin" in q.parts:
        frames["basin"] = basin(q.estate, q.grid, q.threshold, progress)
    if "push" in q.parts:
        frames["push"], frames["tried"] = pushes(
            q.config, q.policies, q.duration, q.threshold, progress
        )
    return frames


# --- words --------------------------------------------------------------------------------------


def print_tipping(result: Tipping, console: Console) -> None:
    """Print folds, the watershed of the basin, and the pushes that held."""
    from rich.table import Table

    q = result.question
    if len(result.loop):
        console.print(f"Loop over {_moved(q.moved)}, {q.moved.hold} months a step", style="bold")
        table = Table("fold", "leg", "seeds", "median level", "from", "to", box=None)
        for leg in LEGS:
            for fold in (COLLAPSE, RECOVERY):
                met = result.folds[(result.folds["leg"] == leg) & (result.folds["fold"] == fold)]
                if len(met):
                    level = met.groupby("seed")["level"].first()
                    cells = [f"{x:.3g}" for x in (level.median(), level.min(), level.max())]
                    table.add_row(fold, leg, f"{len(level)}/{q.config.replications}", *cells)
        console.print(table if table.row_count else "no fold between low and high")
    if len(result.basin):
        console.print(f"Basin of {q.estate.scenario.name}, starts that end well", style="bold")
        for upkeep in UPKEEP:
            share = result.basin[result.basin["upkeep"] == upkeep]["recovers"].mean()
            console.print(f"  condition at {upkeep:.0%} of usual: {share:.0%}")
    if len(result.push):
        console.print(
            f"Smallest push above {q.threshold:.0%} {AFTER} months after withdrawal "
            f"in {ENOUGH:.0%} of {q.config.replications} seeds",
            style="bold",
        )
        console.print(_push_table(result))
    if result.folder is not None:
        console.print(f"kept in {result.folder}")


def _moved(moved: Drive) -> str:
    shift = "" if len(moved.keys) == 1 else " (shift of all)"
    return f"{', '.join(moved.keys)}{shift} from {moved.low:g} to {moved.high:g}"


def _push_table(result: Tipping) -> Any:
    from rich.table import Table

    rows = {(row["policy"], row["kind"]): row for row in result.push.to_dict("records")}
    table = Table("policy", f"dose, {result.question.duration} months", "months, dose 1", box=None)
    never = []
    for policy in result.question.policies:
        cells = [_smallest(rows[policy, kind]) for kind in (DOSE, MONTHS)]
        if all(cell.startswith("none") for cell in cells):
            never.append(policy)
        else:
            table.add_row(policy, *cells)
    table.caption = f"at no dose or duration: {', '.join(never)}" if never else None
    table.caption_justify = "left"
    return table


def _smallest(row: Any) -> str:
    if row["smallest"] != row["smallest"]:
        return f"none to {row['greatest']:g}"
    return f"{row['smallest']:.3g}" + ("" if row["even"] else " (but not always above)")
