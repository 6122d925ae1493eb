"""The chain of a measure as a table and in sentences; every number is counted from runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.as_text import percent_text, with_interval
from sim.explain import shorten
from sim.phrases import phrases
from sim.science import effect_table
from sim.science.attribution_table import new_table, unit_of
from sim.science.chain import LEAST, Chain
from sim.science.evidence import ASSUMED, SIZE_ASSUMED, SOURCED
from sim.science.shares import OUTCOMES
from sim.world.arrows import ARROWS

if TYPE_CHECKING:
    from rich.console import Console

EVIDENCE = {
    "en": {ASSUMED: "assumed", SIZE_ASSUMED: "sourced, size assumed", SOURCED: "sourced"},
    "zh": {ASSUMED: "假定", SIZE_ASSUMED: "有依据，大小为假定", SOURCED: "有依据"},
}

_WORDS = phrases("chain")

SHORT = {
    "cell_fidelity": 0.9,
    "firm_present": 0.9,
    "firm_staff": 0.8,
    "trust_firm": 0.4,
    "trust_cell": 0.4,
}
"""Below which a limit is told; where to draw the line is assumed."""


def print_chain(chain: Chain, console: Console, language: str = "en") -> None:
    """Print the parts that add up, the links of each outcome, and the sentences."""
    words = _WORDS[language]
    effect_table.print_parts(chain, console, language)
    for outcome in OUTCOMES:
        of = chain.links[(chain.links["outcome"] == outcome) & chain.links["sure"].astype(bool)]
        if of.empty:
            continue
        scale, unit = unit_of(outcome, language)
        heads = (
            words["carried"].format(unit=unit),
            *(words[key] for key in ("share", "agrees", "place", "evidence")),
        )
        table = new_table([effect_table.outcome_name(outcome, language), *heads])
        table.columns[-1].justify = "left"
        of = of.assign(order=of["place"].where(of["place"] > 0, 99))
        for row in of.sort_values(["order", "share"], ascending=[True, False]).to_dict("records"):
            source = "" if row["evidence"] == ASSUMED else f": {shorten(row['source'])}"
            table.add_row(
                row["arrow"].replace("_to_", " → ").replace("_", " "),
                with_interval(*(scale * row[key] for key in ("carried", "low", "high"))),
                percent_text(row["share"]), percent_text(row["agrees"]), str(row["place"] or ""),
                EVIDENCE[language][row["evidence"]] + source,
            )  # fmt: skip
        console.print(table)
        console.print()
    effect_table.print_told(chain, sentences(chain, language), console, language)


def sentences(chain: Chain, language: str = "en") -> list[str]:
    """What the measure does, the chain by which it does it, and where that breaks.

    Args:
        chain: Which arrows carry what.
        language: "en" or "zh".
    """
    return list(_sentences(chain, language))


def _sentences(chain: Chain, language: str) -> Iterator[str]:
    words = _WORDS[language]
    for outcome in chain.links["outcome"].unique():
        name, links = effect_table.outcome_name(outcome, language), chain.of(outcome)
        yield effect_table.whole_sentence(chain, outcome, language)
        if not links:
            yield words["none"].format(outcome=name)
            continue
        told = words["then"].join(link_text(link, chain, language) for link in links)
        yield words["chain"].format(outcome=name, links=told)
        counted = {key: sum(link["evidence"] == kind for link in links) for key, kind in _KINDS}
        yield words["assumed"].format(links=len(links), **counted)
        worst = against(chain, outcome)
        if worst is not None:
            share = percent_text(abs(worst["share"]) if language == "zh" else worst["share"])
            yield words["against"].format(text=arrow_text(worst["arrow"], language), share=share)
    for name, value in lacking(chain).items():
        yield words[name].format(percent_text(value))
    yield words["how"]


_KINDS = (("assumed", ASSUMED), ("size", SIZE_ASSUMED))


def against(chain: Chain, outcome: str) -> dict[Any, Any] | None:
    """The arrow that surely takes most away from an effect; None if none does."""
    of = chain.links[
        (chain.links["outcome"] == outcome)
        & chain.links["sure"].astype(bool)
        & (chain.links["share"] <= -LEAST)
    ]
    return None if of.empty else dict(of.iloc[int(of["share"].argmin())].to_dict())


def lacking(chain: Chain) -> dict[str, float]:
    """What the measure lacked: limits below ``SHORT``."""
    found = chain.limits.set_index("indicator")["value"]
    return {name: float(found[name]) for name, least in SHORT.items() if found[name] < least}


def arrow_text(name: str, language: str) -> str:
    """How an arrow acts, in words."""
    return ARROWS[name].zh if language == "zh" else ARROWS[name].en


def link_text(link: dict[Any, Any], chain: Chain, language: str) -> str:
    """A link with its share of the effect, the interval of that, and what is known of it."""
    whole = float(chain.whole(link["outcome"])["part"])
    ends = sorted(100.0 * link[key] / whole for key in ("low", "high"))
    share = f"{100 * link['share']:.0f}% [{ends[0]:.0f}, {ends[1]:.0f}]"
    return _WORDS[language]["link"].format(
        place=link["place"], text=arrow_text(link["arrow"], language), share=share,
        evidence=EVIDENCE[language][link["evidence"]],
    )  # fmt: skip
