"""The loops of the model as a drawing: what acts on what, and what becomes of fees where an arrow is cut."""

from __future__ import annotations

import math
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from sim.errors import InputError
from sim.figures import style
from sim.science.carried import Carried


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


NODES = {
    "norm": Node(0.9, 6.6, "norm", "规范感"),
    "pay": Node(4.3, 6.6, "paying", "缴费"),
    "income": Node(8.0, 6.6, "firm's income", "物业收入"),
    "effort": Node(11.0, 5.2, "staff, upkeep", "人员与维保"),
    "committee": Node(11.0, 7.6, "committee", "业委会"),
    "trust": Node(7.0, 5.0, "trust in the firm", "对物业的信任"),
    "satisfaction": Node(7.0, 3.4, "satisfaction", "满意度"),
    "condition": Node(11.0, 3.0, "condition", "小区状况"),
    "misuse": Node(11.0, 0.9, "misuse", "占用公共空间"),
    "problems": Node(7.0, 1.5, "problems, solved or not", "诉求及其办结"),
    "grievance": Node(3.9, 3.4, "grievance", "怨气"),
    "conflict": Node(0.9, 4.4, "conflict", "矛盾"),
    "cell": Node(0.9, 2.0, "trust in cell", "对党组织的信任"),
    "efficacy": Node(4.2, 0.2, "feeling heard", "效能感"),
    "attendance": Node(0.9, 0.2, "attendance", "参与"),
}
LOOPS: dict[str, tuple[str, str, str, tuple[Edge, ...]]] = {
    "L1": ("money", "资金", style.BLUE, (
        Edge("income_to_effort", "income", "effort", -0.15),
        Edge("effort_to_condition", "effort", "condition"),
        Edge("condition_to_satisfaction", "condition", "satisfaction"),
        Edge("satisfaction_to_pay", "satisfaction", "pay", 0.12),
    )),
    "L2": ("norm", "规范", style.GREEN, (
        Edge("neighbours_to_norm", "pay", "norm", 0.22), Edge("norm_to_pay", "norm", "pay", 0.22),
    )),
    "L3": ("voice", "诉求", style.VERMILION, (
        Edge("condition_to_problems", "condition", "problems"),
        Edge("problems_to_grievance", "problems", "grievance", -0.1),
        Edge("satisfaction_to_grievance", "satisfaction", "grievance"),
        Edge("grievance_to_pay", "grievance", "pay"),
        Edge("grievance_to_conflict", "grievance", "conflict", -0.12),
        Edge("neighbours_to_conflict", "conflict", "conflict"),
        Edge("conflict_to_pay", "conflict", "pay", -0.12),
    )),
    "L4": ("supervision", "监督", style.PURPLE, (
        Edge("supervision_to_effort", "committee", "effort"),
        Edge("committee_to_accounts", "committee", "trust", 0.1),
        Edge("satisfaction_to_trust", "satisfaction", "trust"),
        Edge("trust_to_pay", "trust", "pay"),
    )),
    "L5": ("legitimacy", "合法性", style.ORANGE, (
        Edge("solved_to_trust", "problems", "cell", -0.08),
        Edge("solved_to_efficacy", "problems", "efficacy", -0.1),
        Edge("efficacy_to_attendance", "efficacy", "attendance"),
        Edge("meetings_to_cell_trust", "attendance", "cell"),
        Edge("cell_trust_to_conflict", "cell", "conflict"),
    )),
    "L6": ("commons", "公地", style.SKY, (
        Edge("neighbours_to_misuse", "misuse", "misuse"),
        Edge("misuse_to_condition", "misuse", "condition", 0.3),
        Edge("condition_to_misuse", "condition", "misuse", 0.3),
    )),
}  # fmt: skip
"""Loops that the model is meant to have: name in two languages, colour, arrows."""

SHOWN = ("fall", "lock", "recovery")
_WORDS = {
    "en": "numbers: fees collected without the arrow, in points of what is due: fall / lock / recovery of {case};\n"
    "bold: the 95% interval over paired seeds leaves out 0; width by the largest; grey: money, booked and not cut",
    "zh": "数字：切断该箭头后收缴率的变化（百分点），依次为{case}的下滑、锁定、恢复；\n"
    "粗体：配对种子的95%区间不含0；线宽按最大者；灰色：资金记账，不切断",
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
    if language not in _WORDS:
        raise InputError("language", f"{language!r} is not known", "en, zh")
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 4.9)
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-0.8, 12.3), ylim=(-0.5, 8.2))
        _fees(axes)
        for _, _, colour, edges in LOOPS.values():
            for edge in edges:
                _draw(axes, edge, colour, found)
        for node in NODES.values():
            box = {
                "boxstyle": "round,pad=0.35",
                "facecolor": "white",
                "edgecolor": style.GREY,
                "linewidth": 0.6,
            }
            text = node.zh if language == "zh" else node.en
            axes.text(node.x, node.y, text, ha="center", va="center", bbox=box, zorder=4)
        lines = [
            Line2D([], [], color=colour, label=f"{name} {zh if language == 'zh' else en}")
            for name, (en, zh, colour, _) in LOOPS.items()
        ]
        figure.legend(handles=lines, loc="outside upper center", ncols=len(lines))
        note = _WORDS[language].format(case=_CASE[language])
        figure.supxlabel(note, fontsize="small", color=style.GREY)
    return figure


def _fees(axes: Axes) -> None:
    a, b = NODES["pay"], NODES["income"]
    axes.add_patch(_arc((a.x, a.y), (b.x, b.y), 0.0, style.GREY, 0.7))


def _draw(axes: Axes, edge: Edge, colour: str, found: Carried) -> None:
    a, b = NODES[edge.start], NODES[edge.end]
    rows = [found.of(stage, "collection").loc[edge.arrow] for stage in SHOWN]
    points = [100.0 * row["mean"] for row in rows]
    width = 0.5 + 0.16 * min(max(map(abs, points)), 25.0)
    if edge.start == edge.end:
        start, end, bend, middle = (
            (a.x - 0.5, a.y + 0.2),
            (a.x + 0.4, a.y + 0.2),
            -1.1,
            (a.x, a.y + 0.85),
        )
        if edge.start == "misuse":
            start, end, middle = (a.x + 0.4, a.y - 0.2), (a.x - 0.5, a.y - 0.2), (a.x, a.y - 0.85)
        axes.add_patch(_arc(start, end, bend, colour, width, shrink=2.0))
    else:
        axes.add_patch(_arc((a.x, a.y), (b.x, b.y), edge.bend, colour, width))
        # The top of matplotlib's arc lies half its bend off the chord, to the right of its way.
        middle = (
            (a.x + b.x) / 2 + edge.bend * (b.y - a.y) / 2,
            (a.y + b.y) / 2 - edge.bend * (b.x - a.x) / 2,
        )
    sure = any(not row["low"] <= 0.0 <= row["high"] for row in rows if not math.isnan(row["low"]))
    text = " / ".join(_number(point) for point in points)
    axes.text(
        *middle, text, ha="center", va="center", fontsize="x-small", color=colour, zorder=3,
        fontweight="bold" if sure else "normal",
        bbox={"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip


def _arc(
    start: tuple[float, float], end: tuple[float, float], bend: float, colour: str, width: float,
    shrink: float = 18.0,
) -> FancyArrowPatch:  # fmt: skip
    return FancyArrowPatch(
        start, end, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>", mutation_scale=7, color=colour,
        linewidth=width, shrinkA=shrink, shrinkB=shrink, zorder=2,
    )  # fmt: skip


def _number(points: float) -> str:
    return f"{points + 0.0:+.0f}" if abs(points) >= 0.5 else "0"
