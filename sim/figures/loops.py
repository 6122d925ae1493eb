"""The loops of the model: what acts on what and what becomes of fees where an arrow is cut; which loop leads when."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from sim.errors import known_language
from sim.experiments.household import WITH, WITHOUT
from sim.figures import style
from sim.science.carried import Carried
from sim.science.loops import LOOPS, Loops
from sim.science.loops_table import WORDS


class Node(NamedTuple):
    """Something that acts or is acted on: where it stands, and its names."""

    x: float
    y: float
    en: str
    zh: str


class Edge(NamedTuple):
    """An arrow drawn from one node to another, as an arc; equal ends make a small loop beside the node."""

    arrow: str
    start: str
    end: str
    bend: float = 0.0
    at: float = 0.5
    """Place of its label on its way, from 0 to 1."""


NODES = {
    "norm": Node(0.9, 6.6, "norm", "规范感"),
    "pay": Node(4.3, 6.6, "paying", "缴费"),
    "income": Node(8.0, 6.6, "firm's income", "物业收入"),
    "effort": Node(11.0, 5.2, "staff, upkeep", "人员与维保"),
    "committee": Node(11.0, 7.6, "committee", "业委会"),
    "trust": Node(8.0, 5.0, "trust in the firm", "对物业的信任"),
    "satisfaction": Node(7.0, 3.4, "satisfaction", "满意度"),
    "condition": Node(11.0, 3.0, "condition", "小区状况"),
    "misuse": Node(11.0, 0.9, "misuse", "占用公共空间"),
    "problems": Node(7.0, 1.5, "problems, solved or not", "诉求及其办结"),
    "grievance": Node(3.9, 3.4, "grievance", "不满情绪"),
    "conflict": Node(0.9, 4.4, "conflict", "矛盾"),
    "cell": Node(0.9, 2.0, "trust in cell", "对党组织的信任"),
    "efficacy": Node(4.2, 0.2, "feeling heard", "效能感"),
    "attendance": Node(0.9, 0.2, "attendance", "参与"),
}
COLOURS = dict(
    zip(
        LOOPS,
        (style.BLUE, style.GREEN, style.VERMILION, style.PURPLE, style.ORANGE, style.SKY),
        strict=True,
    )
)
EDGES = (
    Edge("income_to_effort+loss_to_exit", "income", "effort", -0.1, 0.35),
    Edge("effort_to_condition", "effort", "condition"),
    Edge("condition_to_satisfaction", "condition", "satisfaction"),
    Edge("satisfaction_to_pay", "satisfaction", "pay", 0.0, 0.45),
    Edge("neighbours_to_norm", "pay", "norm", 0.22), Edge("norm_to_pay", "norm", "pay", 0.22),
    Edge("condition_to_problems", "condition", "problems"),
    Edge("problems_to_grievance", "problems", "grievance", -0.1),
    Edge("satisfaction_to_grievance", "satisfaction", "grievance"), Edge("grievance_to_pay", "grievance", "pay"),
    Edge("grievance_to_voices+grievance_to_conflict", "grievance", "conflict", -0.12),
    Edge("neighbours_to_voices+neighbours_to_conflict", "conflict", "conflict"),
    Edge("conflict_to_pay", "conflict", "pay", -0.12),
    Edge("supervision_to_effort", "committee", "effort", 0.0, 0.4),
    Edge("committee_to_accounts", "committee", "trust", 0.1, 0.68),
    Edge("satisfaction_to_trust", "satisfaction", "trust"), Edge("trust_to_pay", "trust", "pay"),
    Edge("solved_to_trust", "problems", "cell", -0.08), Edge("solved_to_efficacy", "problems", "efficacy", -0.1),
    Edge("efficacy_to_attendance", "efficacy", "attendance"), Edge("meetings_to_cell_trust", "attendance", "cell"),
    Edge("trust_to_voices", "cell", "conflict"), Edge("neighbours_to_misuse", "misuse", "misuse"),
    Edge("misuse_to_condition", "misuse", "condition", 0.3, 0.35),
    Edge("condition_to_misuse", "condition", "misuse", 0.3, 0.35),
)  # fmt: skip

SHOWN = ("fall", "lock", "recovery")
_WORDS = {
    "en": "numbers: fees collected without the arrow, in points of what is due: fall / lock / recovery of {case};\n"
    "bold: a 95% interval over paired seeds leaves out 0; width by the largest;\n"
    "grey: money, booked and not cut; the arrow from income is cut together with loss → exit",
    "zh": "数字：切断该箭头后收缴率的变化（百分点），依次为{case}的下滑、锁定、恢复；\n"
    "粗体：同条件模拟的95%区间不含0；线宽按最大者；\n"
    "灰色：资金记账，不切断；收入的箭头与“亏损→撤场”一并切断",
}
_CASE = {"en": "Kangqiao", "zh": "康桥"}


def loops(found: Carried, language: str = "en") -> Figure:
    """Draw the loops with what each of their arrows carries.

    Args:
        found: With the stages ``SHOWN``.
        language: "en" or "zh".

    Raises:
        InputError: Another language.
    """
    known_language(language)
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 4.9)
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-0.8, 12.3), ylim=(-0.5, 8.2))
        boxes = {}
        for name, node in NODES.items():
            box = {
                "boxstyle": "round,pad=0.35",
                "facecolor": "white",
                "edgecolor": style.GREY,
                "linewidth": 0.6,
            }
            text = node.zh if language == "zh" else node.en
            shown = axes.text(node.x, node.y, text, ha="center", va="center", bbox=box, zorder=3)
            boxes[name] = shown.get_bbox_patch()
        _arc(axes, Edge("", "pay", "income"), boxes, style.GREY, 0.7)
        for edge in EDGES:
            loop = next(name for name, loop in LOOPS.items() if edge.arrow in loop.arrows)
            _draw(axes, edge, COLOURS[loop], found, boxes)
        lines = [Line2D([], [], color=COLOURS[name], label=_name(name, language)) for name in LOOPS]
        figure.legend(handles=lines, loc="outside upper center", ncols=len(lines))
        note = _WORDS[language].format(case=_CASE[language])
        figure.supxlabel(note, fontsize="small", color=style.GREY)
    return figure


def _name(loop: str, language: str) -> str:
    return f"{loop} {LOOPS[loop].zh if language == 'zh' else LOOPS[loop].en}"


def over_time(
    found: Loops, run: str = WITH, ax: Axes | None = None, colors: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None, language: str = "en", width: float = style.SINGLE,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw what each loop carries of fees collected month by month, and below which leads.

    Args:
        found: What loops carry.
        run: "policy" or "without".
        ax: Where; a figure of its own by default.
        colors: Colours by loop, as "L1".
        labels: Names of loops in the place of ours.
        language: "en" or "zh".
        width: Inches, of a figure of its own.

    Returns:
        The figure, and a row per month and loop drawn.

    Raises:
        InputError: Another language.
    """
    known_language(language)
    words, colours = WORDS[language], COLOURS | dict(colors or {})
    drawn = found.carried[found.carried["run"] == run].reset_index(drop=True)
    with style.journal_style(language):
        figure, ax = style.place(ax, width, 2.6)
        ax.axhline(0.0, color=style.GREY, linewidth=0.6)
        for name, rows in drawn.groupby("loop", sort=False):
            label = (labels or {}).get(str(name)) or _name(str(name), language)
            months, low, high = (rows[key].to_numpy(float) for key in ("month", "low", "high"))
            ax.plot(months, 100.0 * rows["carried"], color=colours[str(name)], label=label)
            leads = rows["leads"].to_numpy(bool)
            ax.fill_between(
                months,
                100.0 * low,
                100.0 * high,
                where=leads,
                color=colours[str(name)],
                alpha=0.2,
                linewidth=0,
            )
            # A strip along the lower edge, in the colour of the one that leads.
            ax.scatter(
                months[leads], np.full(leads.sum(), 0.02), marker="s", s=9, color=colours[str(name)],
                transform=ax.get_xaxis_transform(), clip_on=False,
            )  # fmt: skip
        ax.set_xlabel(words["axis"])
        ax.set_ylabel(words["points"])
        ax.set_title(words[run])
        ax.legend(fontsize="x-small", ncols=2)
    return figure, drawn


def figures(found: Loops, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    return {"loops": partial(both, found, language)}


def both(found: Loops, language: str = "en", width: float = style.DOUBLE) -> Figure:
    """The loops under the policy, and without it."""
    with style.journal_style(language):
        figure = style.new_figure(width, 2.9)
        axes = figure.subplots(1, 2)
        for run, place in zip((WITH, WITHOUT), axes, strict=True):
            over_time(found, run, place, language=language)
            place.get_legend().remove()
        # Above both: inside, it would lie on a band that says which loop leads.
        told = axes[0].get_legend_handles_labels()
        figure.legend(*told, loc="outside upper center", ncols=len(told[1]))
        axes[1].set_ylabel("")
    return figure


def _draw(axes: Axes, edge: Edge, colour: str, found: Carried, boxes: dict[str, Any]) -> None:
    a, b = NODES[edge.start], NODES[edge.end]
    rows = [found.of(stage, "collection")[edge.arrow] for stage in SHOWN]
    points = [100.0 * row["mean"] for row in rows]
    width = 0.5 + 0.14 * min(max(map(abs, points)), 25.0)
    if edge.start == edge.end:
        up = 1.0 if edge.start == "conflict" else -1.0
        axes.add_patch(
            FancyArrowPatch(
                (a.x - 0.45 * up, a.y + 0.25 * up), (a.x + 0.45 * up, a.y + 0.25 * up),
                connectionstyle="arc3,rad=-1.1", **_look(colour, width),
            )
        )  # fmt: skip
        middle = a.x, a.y + 0.85 * up
    else:
        _arc(axes, edge, boxes, colour, width)
        # A quadratic curve, whose middle point lies off the chord by its bend, to the right of its way.
        side = edge.bend * (b.y - a.y), -edge.bend * (b.x - a.x)
        t, s = edge.at, 1.0 - edge.at
        middle = (
            s * s * a.x + 2 * s * t * ((a.x + b.x) / 2 + side[0]) + t * t * b.x,
            s * s * a.y + 2 * s * t * ((a.y + b.y) / 2 + side[1]) + t * t * b.y,
        )
    sure = any(not row["low"] <= 0.0 <= row["high"] for row in rows if not math.isnan(row["low"]))
    text = " / ".join(_number(point) for point in points)
    axes.text(
        *middle, text, ha="center", va="center", fontsize="x-small", color=colour, zorder=5,
        fontweight="bold" if sure else "normal", fontfamily="DejaVu Sans",
        bbox={"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip


def _arc(axes: Axes, edge: Edge, boxes: dict[str, Any], colour: str, width: float) -> None:
    a, b = NODES[edge.start], NODES[edge.end]
    axes.add_patch(
        FancyArrowPatch(
            (a.x, a.y), (b.x, b.y), connectionstyle=f"arc3,rad={edge.bend}", patchA=boxes[edge.start],
            patchB=boxes[edge.end], shrinkA=1.0, shrinkB=1.0, **_look(colour, width),
        )
    )  # fmt: skip


def _look(colour: str, width: float) -> dict[str, Any]:
    # Above the boxes, whose sizes are known only once they are drawn.
    return {
        "arrowstyle": "-|>", "mutation_scale": 6 + width, "color": colour, "linewidth": width, "zorder": 4,
    }  # fmt: skip


def _number(points: float) -> str:
    return f"{points + 0.0:+.0f}" if abs(points) >= 0.5 else "0"
