"""The chain of a measure: what each causal arrow carries of its effect, in the order of the chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.as_text import signed
from sim.errors import InputError, known_language
from sim.experiments.comparison_table import policy_title
from sim.figures import effect, style
from sim.figures.axes import reference_line, rows, two_lines
from sim.science.attribution_table import unit_of
from sim.science.chain_table import EVIDENCE
from sim.science.effect_table import outcome_name
from sim.science.evidence import ASSUMED, SIZE_ASSUMED, SOURCED
from sim.science.shares import OUTCOMES
from sim.world.arrows import ARROWS

if TYPE_CHECKING:
    from sim.science.chain import Chain

_WORDS = {
    "en": {"axis": "carries, {unit} (the whole effect: {whole})", "title": "{policy}: {name}",
           "beside": "beside the chain"},
    "zh": {"axis": "承担，{unit}（总效果{whole}）", "title": "{policy}：{name}", "beside": "链条之外"},
}  # fmt: skip

_BESIDE = 5
_COLOURS = {ASSUMED: style.VERMILION, SIZE_ASSUMED: style.ORANGE, SOURCED: style.BLUE}


def links(
    chain: Chain, outcome: str = "collection_rate", ax: Axes | None = None, colors: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None, language: str = "en", width: float = style.DOUBLE,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw what each link of the chain carries, first to last, and the strongest arrows beside it.

    Args:
        chain: Which arrows carry what.
        outcome: Which of its outcomes.
        ax: Where; a figure of its own by default.
        colors: Colours by evidence: assumed, size assumed, sourced.
        labels: Sentences of arrows in the place of ours, by the arrow's name.
        language: "en" or "zh".
        width: Inches, of a figure of its own.

    Returns:
        The figure, and a row per arrow drawn.

    Raises:
        InputError: No such outcome, or another language.
    """
    known_language(language)
    if outcome not in OUTCOMES:
        raise InputError("outcome", f"{outcome!r} is not there", ", ".join(OUTCOMES))
    words, name, (scale, unit) = (
        _WORDS[language],
        outcome_name(outcome, language),
        unit_of(outcome, language),
    )
    found = chain.links[(chain.links["outcome"] == outcome) & chain.links["sure"].astype(bool)]
    own = found[found["place"] > 0].sort_values("place")
    beside = found[found["place"] == 0].sort_values("share", key=abs, ascending=False)[:_BESIDE]
    drawn = pd.concat([own, beside], ignore_index=True)
    colours = {**_COLOURS, **(colors or {})}
    config = chain.question.config
    policy = policy_title(config, config.policy.name, language)
    whole = float(chain.whole(outcome)["part"])
    texts = []
    for row in drawn.to_dict("records"):
        arrow = ARROWS[row["arrow"]]
        text = (labels or {}).get(arrow.name) or (arrow.zh if language == "zh" else arrow.en)
        # A space that is not broken: the number stays with its sentence.
        texts.append(f"{row['place']}\N{NO-BREAK SPACE}{text}" if row["place"] else text)
    with style.journal_style(language):
        figure, ax = style.place(ax, width, 1.0 + 0.26 * len(drawn))
        reference_line(ax)
        values, low, high = (scale * drawn[k].to_numpy(float) for k in ("carried", "low", "high"))
        shades = [colours[kind] for kind in drawn["evidence"]]
        ax.hlines(np.arange(len(drawn)), low, high, color=shades, linewidth=1.2)
        ax.scatter(
            values,
            np.arange(len(drawn)),
            c=shades,
            s=[26 if p else 12 for p in drawn["place"]],
            zorder=3,
        )
        rows(ax, [two_lines(text) for text in texts])
        if len(own) and len(beside):
            ax.axhline(len(own) - 0.5, color=style.GREY, linewidth=0.5)
        ax.set_xlabel(words["axis"].format(unit=unit, whole=signed(scale * whole)))
        ax.set_title(words["title"].format(policy=policy, name=name))
        told = [kind for kind in _COLOURS if kind in set(drawn["evidence"])]
        marks = [
            Line2D([], [], marker="o", linestyle="", color=colours[k], label=EVIDENCE[language][k])
            for k in told
        ]
        if marks:
            ax.set_ylim(len(drawn) + 0.6, -0.6)
            ax.legend(handles=marks, loc="lower right", ncols=3, fontsize="x-small")
    return figure, drawn


def figures(chain: Chain, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""

    def draw(outcome: str) -> Figure:
        return links(chain, outcome, language=language)[0]

    moved = chain.links["outcome"].unique()
    return effect.figures(chain, language) | {
        f"chain-{name}": partial(draw, name) for name in moved
    }
