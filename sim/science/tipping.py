"""Tipping: two states under one set of parameters, what each takes to leave, and the smallest push.

``xiaoqu tipping`` answers three questions: ``loop`` (``hysteresis``), ``basin`` and ``push``, each in
a file of its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.compose import Setting, choices, load, load_settings
from sim.config import Config
from sim.errors import InputError
from sim.experiments.run import check_seeds
from sim.explain import show, unknown_name
from sim.science import kept, words
from sim.science.basin import UPKEEP, basin
from sim.science.hysteresis import COLLAPSE, LEGS, RECOVERY, Drive, drive, loops
from sim.science.kept import Asked
from sim.science.push import AFTER, DOSE, ENOUGH, LONGEST, MONTHS, every_policy, pushes

if TYPE_CHECKING:
    from rich.console import Console

OWN = (
    "parts", "parameter", "low", "high", "steps", "hold", "estate", "grid", "policies", "duration",
    "threshold",
)  # fmt: skip
"""What the command takes beside the keys of a configuration."""

PARTS = ("loop", "basin", "push")
TABLES = ("loop", "folds", "basin", "push", "tried")
PARAMETER = ("fees.base_conditional", "fees.base_unconditional", "fees.base_free_rider")
"""Moved by default: everybody's push to pay. By one type's alone a low compound hardly recovers."""

REPLICATIONS = 10
BASIN_MONTHS = 120


@dataclass(frozen=True)
class Question:
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


@dataclass(frozen=True)
class Tipping:
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
    """

    question: Question
    loop: pd.DataFrame = field(repr=False)
    folds: pd.DataFrame = field(repr=False)
    basin: pd.DataFrame = field(repr=False)
    push: pd.DataFrame = field(repr=False)
    tried: pd.DataFrame = field(repr=False)
    folder: Path | None = None

    @property
    def provenance(self) -> dict[str, Any]:
        """In a few words what made this, for the metadata of a figure."""
        return self.question.asked.provenance


def tipping(
    scenario: str = "kangqiao",
    *overrides: str,
    out: Path | None = None,
    progress: bool = False,
    config_dir: Path | None = None,
    force: bool = False,
    **own: Any,
) -> Tipping:
    """Find folds, basin and smallest push.

    Args:
        scenario: Compound of loop and push.
        *overrides: Settings as on the command line; those but of the scenario hold for the generic
            estate of the basin too.
        out: Folder of all results; None keeps nothing.
        progress: Show bars on standard error.
        config_dir: Folder with configuration groups of your own.
        force: Live it again even if the answer is there.
        **own: ``parts`` (of loop, basin, push), ``parameter`` (key, or keys moved together by a
            shift), ``low``, ``high``, ``steps``, ``hold`` (months at each step), ``estate``,
            ``grid``, ``policies``, ``duration``, ``threshold``; other keys are settings as ``load``
            takes them.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    given, settings = words.of_call(scenario, overrides, own, OWN)
    return answer(ask(given, settings, config_dir), out, progress, force=force)


def ask_words(overrides: Sequence[str], config_dir: Path | None = None) -> Question:
    """Put a question together from the words of a command line.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    return ask(*words.split(overrides, OWN), config_dir)


def ask(
    own: dict[str, Any], settings: Sequence[Setting], config_dir: Path | None = None
) -> Question:
    """Check what is asked; ``tipping`` says what is taken.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    for key, _ in settings:
        if key.split(".")[0] in ("policy", "months"):
            raise InputError(key, "is not set here", f"policies=[a,b], duration, {', '.join(OWN)}")
    parts = words.listed("parts", own.get("parts", list(PARTS)))
    for part in parts:
        if part not in PARTS:
            raise unknown_name("parts", f"{show(part)} is not known", str(part), list(PARTS))
    usual: list[Setting] = [("policy", "none"), ("replications", REPLICATIONS)]
    others = [(key, value) for key, value in settings if key != "scenario"]
    case = [s for s in settings if s[0] == "scenario"] or [("scenario", "kangqiao")]
    config = load_settings([*usual, *case, *others], config_dir, look=True)[0]
    estate = own.get("estate", "ordinary_estate")
    last: Setting = ("months", BASIN_MONTHS)
    elsewhere = [*usual, ("scenario", estate), *others, last]
    generic = load_settings(elsewhere, config_dir, look=True)[0]
    check_seeds(config)
    return Question(
        config,
        generic,
        tuple(part for part in PARTS if part in parts),
        _drive(own, config),
        words.whole("grid", own.get("grid", 7), 2, 101),
        _policies(own, config_dir),
        words.whole("duration", own.get("duration", 24), 1, LONGEST),
        words.number("threshold", own.get("threshold", 0.5), 0, 1),
    )


def _drive(own: dict[str, Any], config: Config) -> Drive:
    keys = [str(key) for key in words.listed("parameter", own.get("parameter", list(PARAMETER)))]
    low, high = (
        None if own.get(end) is None else words.number(end, own[end], -1e9, 1e9)
        for end in ("low", "high")
    )
    steps = words.whole("steps", own.get("steps", 22), 3, 1000)
    hold = words.whole("hold", own.get("hold", 120), 1, 1200)
    return drive(config, keys, low, high, steps, hold)


def _policies(own: dict[str, Any], config_dir: Path | None) -> dict[str, Config]:
    return {name: load(policy=name, config_dir=config_dir) for name in _names(own, config_dir)}


def _names(own: dict[str, Any], config_dir: Path | None) -> list[str]:
    if "policies" not in own:
        return every_policy()
    names = [str(name) for name in words.listed("policies", own["policies"])]
    known = [name for name in choices("policy", config_dir) if name != "none"]
    for name in names:
        if name not in known:
            raise unknown_name("policies", f"no policy is named {show(name)}", name, known)
    return names


def answer(
    question: Question, out: Path | None = None, progress: bool = False, *, force: bool = False
) -> Tipping:
    """Live a question, or read its answer back; ``tipping`` says what is taken.

    Raises:
        InputError: ``out`` cannot be used.
    """
    make = partial(_live, question, progress)
    frames, folder = kept.answered(question.asked, TABLES, make, out, progress, force)
    return Tipping(question, **frames, folder=folder)


def _live(question: Question, progress: bool) -> dict[str, pd.DataFrame]:
    q, frames = question, {name: pd.DataFrame() for name in TABLES}
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
        console.print(f"[bold]Loop[/bold] over {_moved(q.moved)}, {q.moved.hold} months a step")
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
        console.print(f"[bold]Basin[/bold] of {q.estate.scenario.name}, starts that end well")
        for upkeep in UPKEEP:
            share = result.basin[result.basin["upkeep"] == upkeep]["recovers"].mean()
            console.print(f"  condition at {upkeep:.0%} of usual: {share:.0%}")
    if len(result.push):
        console.print(
            f"[bold]Smallest push[/bold] above {q.threshold:.0%} {AFTER} months after withdrawal "
            f"in {ENOUGH:.0%} of {q.config.replications} seeds"
        )
        console.print(_push_table(result))
    if result.folder is not None:
        console.print(f"kept in {result.folder}", markup=False)


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
