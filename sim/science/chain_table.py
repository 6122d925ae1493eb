"""The chain of a measure as a table and in sentences; every number is counted from runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.as_text import signed, with_interval
from sim.experiments.comparison_table import policy_title
from sim.explain import shorten
from sim.science.attribution_table import new_table, print_place
from sim.science.chain import Chain
from sim.science.evidence import ASSUMED, SIZE_ASSUMED, SOURCED
from sim.world.arrows import ARROWS

if TYPE_CHECKING:
    from rich.console import Console

OUTCOMES: dict[str, dict[str, tuple[str, str, float]]] = {
    "en": {
        "collection": ("fees collected", "points", 100.0), "satisfaction": ("mean satisfaction", "points", 100.0),
        "voices": ("complaints and petitions a month of 1,000 households", "", 1.0),
    },
    "zh": {
        "collection": ("物业费收缴率", "个百分点", 100.0), "satisfaction": ("平均满意水平", "个百分点", 100.0),
        "voices": ("每千户每月投诉信访", "件", 1.0),
    },
}  # fmt: skip
"""Outcomes by language: name, unit, and by what they are multiplied to be shown."""

EVIDENCE = {
    "en": {ASSUMED: "assumed", SIZE_ASSUMED: "sourced, size assumed", SOURCED: "sourced"},
    "zh": {ASSUMED: "假定", SIZE_ASSUMED: "有依据，大小为假定", SOURCED: "有依据"},
}

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "whole": "{policy} changes {outcome} by {effect} {unit} in month {month} ({low} to {high}, {seeds} runs).",
        "chain": "The chain: {links}.", "link": "{text} (carries {share} of it; {evidence})",
        "none": "No arrow carries any of it for sure.", "then": "; ", "carried": "carries [95%], {unit}",
        "share": "of the effect", "evidence": "evidence", "place": "place",
        "how": "An arrow carries what is lost of the effect where it is cut; arrows stand behind each other, so what "
        "they carry does not add up.",
        "assumed": "{assumed} of its {links} links are assumed, and {size} have an assumed size.",
    },
    "zh": {
        "whole": "第{month}月，{policy}使{outcome}变化{effect}{unit}（{seeds}次推演，95%区间{low}至{high}）。",
        "chain": "作用链条：{links}。", "link": "{text}（承载{share}；{evidence}）",
        "none": "没有哪一环确定承载这一效果。", "then": "；", "carried": "承载[95%]，{unit}",
        "share": "占效果", "evidence": "依据", "place": "次序",
        "how": "某一环承载的，是切断它之后效果减少的部分；各环前后相连，承载之和不等于效果。",
        "assumed": "{links}环中，{assumed}环为假定，{size}环大小为假定。",
    },
}  # fmt: skip


def print_chain(chain: Chain, console: Console, language: str = "en") -> None:
    """Print the links of each outcome, in their order, then those beside the chain, and the sentences."""
    words = _WORDS[language]
    for outcome, (name, unit, scale) in OUTCOMES[language].items():
        of = chain.links[(chain.links["outcome"] == outcome) & (chain.links["sure"])]
        if of.empty:
            continue
        table = new_table(
            [
                name,
                words["carried"].format(unit=unit),
                words["share"],
                words["place"],
                words["evidence"],
            ]
        )
        table.columns[-1].justify = "left"
        of = of.assign(order=of["place"].where(of["place"] > 0, 99))
        rows = of.sort_values(["order", "share"], ascending=[True, False])
        for row in rows[:20].to_dict("records"):
            source = "" if row["evidence"] == ASSUMED else f": {shorten(row['source'])}"
            table.add_row(
                row["arrow"].replace("_to_", " → ").replace("_", " "),
                with_interval(*(scale * row[key] for key in ("carried", "low", "high"))),
                f"{100 * row['share']:.0f}%", str(row["place"] or ""),
                EVIDENCE[language][row["evidence"]] + source,
            )  # fmt: skip
        console.print(table)
        console.print()
    for line in sentences(chain, language):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    print_place(chain, console, language)


def sentences(chain: Chain, language: str = "en") -> list[str]:
    """What the measure does, and the chain by which it does it.

    Args:
        chain: Which arrows carry what.
        language: "en" or "zh".
    """
    return list(_sentences(chain, language))


def _sentences(chain: Chain, language: str) -> Iterator[str]:
    words, config = _WORDS[language], chain.question.config
    policy = policy_title(config, config.policy.name, language)
    for row in chain.whole.to_dict("records"):
        if row["effect"] != row["effect"]:
            continue
        name, unit, scale = OUTCOMES[language][row["outcome"]]
        ends = {key: signed(scale * row[key]) for key in ("effect", "low", "high")}
        yield (
            words["whole"]
            .format(
                policy=policy,
                outcome=name,
                unit=unit,
                month=config.months,
                seeds=row["seeds"],
                **ends,
            )
            .replace("  ", " ")
        )
        links = chain.of(row["outcome"])
        if not links:
            yield words["none"]
            continue
        told = words["then"].join(_link(link, language) for link in links)
        yield words["chain"].format(links=told)
        counted = {key: sum(link["evidence"] == kind for link in links) for key, kind in _KINDS}
        yield words["assumed"].format(links=len(links), **counted)
    yield words["how"]


_KINDS = (("assumed", ASSUMED), ("size", SIZE_ASSUMED))


def _link(link: dict[Any, Any], language: str) -> str:
    arrow = ARROWS[link["arrow"]]
    text = arrow.zh if language == "zh" else arrow.en
    share = f"{100 * link['share']:.0f}%"
    return _WORDS[language]["link"].format(
        text=text, share=share, evidence=EVIDENCE[language][link["evidence"]]
    )
