"""What is shown of a pooled fit: heads and rows of its tables, for the console and for documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.as_text import MISSING
from sim.experiments.tables import print_rows

if TYPE_CHECKING:
    from rich.console import Console

    from sim.posterior.answer import Pool

Cells = tuple[list[str], list[list[str]]]


def _percent(value: float) -> str:
    return MISSING if np.isnan(value) else f"{100 * value:.0f}%"


def scores(answer: Pool) -> Cells:
    """Mean scores of the model and of its rivals; the smaller the better, but for the last column."""
    head = ["who foresees", "CRPS, points", "log score", "inside its 80%"]
    return head, [
        [row["who"], f"{100 * row['crps']:.1f}", f"{row['log_score']:.2f}", _percent(row["inside"])]
        for row in answer.scores.to_dict("records")
    ]


def predictions(answer: Pool) -> Cells:
    """Each outcome foreseen without its case; CRPS in points."""
    head = ["case", "figure", "told of", "start", "reported", "foreseen as it would be told [80%]", "a run gives",
            "inside", "CRPS", "nothing changes", "by headroom"]  # fmt: skip
    return head, [
        [
            row["case"], row["figure"], row["told"], _percent(row["start"]), _percent(row["reported"]),
            f"{_percent(row['median'])} [{_percent(row['q10'])}, {_percent(row['q90'])}]",
            _percent(row["run_median"]), "yes" if row["inside"] else "no",
            *(f"{100 * row[name]:.0f}" for name in ("crps", "crps_unchanged", "crps_headroom")),
        ]
        for row in answer.predictions.to_dict("records")
    ]  # fmt: skip


def parameters(answer: Pool) -> Cells:
    """What was learnt of each number."""
    head = ["number", "prior [90%]", "default", "after the fit [90%]", "width / prior"]
    rows = [*answer.parameters.to_dict("records"), *answer.telling.to_dict("records")]
    return head, [
        [
            str(row["parameter"]), f"{row['prior_low']:.3g} to {row['prior_high']:.3g}",
            f"{row['default']:.3g}" if "default" in row else MISSING,
            f"{row['median']:.3g} [{row['q05']:.3g}, {row['q95']:.3g}]", f"{row['width']:.2f}",
        ]
        for row in rows
    ]  # fmt: skip


def levels(answer: Pool) -> Cells:
    """Which of the prior each level rules out, and how much of the posterior meets it."""
    head = [
        "level",
        "rules out of the prior",
        "left after it",
        "met by the posterior",
        "its median",
    ]
    after = answer.levels.set_index("level")
    rows = []
    for row in answer.matching.to_dict("records"):
        own = after.loc[row["level"]]
        left = "no numbers meet it" if np.isnan(row["left"]) else _percent(row["left"])
        rows.append(
            [
                row["level"],
                _percent(row["out"]),
                left,
                _percent(own["met"]),
                f"{round(own['median'], 6):.3g}",
            ]
        )
    return head, rows


def audit(answer: Pool) -> Cells:
    """The chance of each reported outcome in runs, with what was done and without."""
    head = ["case", "figure", "told of", "reported", "with what was done", "without", "best of ten with",
            "best of ten without", "median with", "median without"]  # fmt: skip
    names = ("done", "undone", "best_done", "best_undone", "median_done", "median_undone")
    return head, [
        [row["case"], row["figure"], row["told"], _percent(row["reported"]), *(_percent(row[n]) for n in names)]
        for row in answer.audit.to_dict("records")
    ]  # fmt: skip


SELDOM = 0.05
"""Share of runs below which a figure counts as not reached."""


def able(answer: Pool) -> Cells:
    """Whether the model can do what is reported: over the whole prior, under the posterior, and only as it is told."""
    head = ["case", "figure", "told of", "reported", "at it or beyond, runs over the prior", "of the posterior",
            "inside 80% as told, left out", "the model can do it"]  # fmt: skip
    foreseen = answer.predictions.set_index(["case", "figure"])
    rows = []
    for row in answer.audit.to_dict("records"):
        told = bool(foreseen.loc[(row["case"], row["figure"]), "inside"])
        rows.append(
            [row["case"], row["figure"], row["told"], _percent(row["reported"]), _percent(row["designed"]),
             _percent(row["done"]), "yes" if told else "no", _can(row["designed"], row["done"], told)]
        )  # fmt: skip
    return head, rows


def _can(designed: float, done: float, told: bool) -> str:
    if designed >= SELDOM:
        return "yes" if done >= SELDOM else "with other numbers than all say together"
    return "only as it is told" if told else "no"


def coverage(answer: Pool) -> Cells:
    """How often a number that is known is found again."""
    head = ["number", "truths inside their 90%", "width / prior", "mean rank"]
    return head, [
        [row["parameter"], _percent(row["covered"]), f"{row['width']:.2f}", f"{row['rank']:.2f}"]
        for row in answer.coverage.to_dict("records")
    ]


def print_pool(answer: Pool, console: Console) -> None:
    """Print predictions and scores, what was learnt, and where it is kept."""
    for head, rows in (predictions(answer), scores(answer)):
        print_rows(console, head, rows)
    learnt = answer.parameters.sort_values("width").head(6)
    said = ", ".join(
        f"{name} {width:.2f}" for name, width in learnt[["parameter", "width"]].to_numpy()
    )
    console.print(f"Learnt most (posterior over prior width): {said}", soft_wrap=True)
    if answer.folder is not None:
        console.print(f"Results: {answer.folder}", soft_wrap=True, highlight=False)
