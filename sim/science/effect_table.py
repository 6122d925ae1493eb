"""What an effect came by, as a table and in sentences; every number is counted from runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.as_text import number_text, signed, with_interval
from sim.experiments.answers import Answer
from sim.experiments.comparison_table import policy_title
from sim.experiments.tables import new_table, print_place, unit_of
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.science.effect import WHOLE, Effect
from sim.science.shares import OUTCOMES

if TYPE_CHECKING:
    from rich.console import Console

NAMED, LEAST = 4, 0.05
"""Most causes named in a sentence, and what a part has to be, as printed, to be told at all."""

FEW = 5
"""Most sentences of the short form."""

WORDS = phrases("effect")


def print_effect(effect: Effect, console: Console, language: str = "en") -> None:
    """Print what each outcome came by, who gains and who loses, and the sentences."""
    print_parts(effect, console, language)
    heads, rows = gains(effect, language)
    table = new_table(heads)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print()
    print_told(effect, sentences(effect, language), console, language)


def print_told(effect: Answer, lines: Sequence[str], console: Console, language: str) -> None:
    """Print sentences, and where the answer is kept."""
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    print_place(effect, console, language)


def print_parts(effect: Effect, console: Console, language: str = "en") -> None:
    """Print the parts of each outcome."""
    words = WORDS[language]
    console.print(_head(effect, language), style="bold", highlight=False)
    for outcome in OUTCOMES:
        scale, unit = unit_of(outcome, language)
        table = new_table([words["cause"], words["part"].format(unit=unit)])
        rows = effect.parts[effect.parts["outcome"] == outcome]
        for row in _ordered(rows).to_dict("records"):
            if abs(scale * row["part"]) >= LEAST:
                table.add_row(cause_name(outcome, row["cause"], language), _ranged(row, scale))
        whole = rows[rows["cause"] == WHOLE].iloc[0].to_dict()
        name = outcome_name(outcome, language)
        table.add_row(words["whole"].format(outcome=name), _ranged(whole, scale), style="bold")
        console.print(table)
        console.print()


def sentences(effect: Effect, language: str = "en") -> list[str]:
    """What carried the effect, in sentences.

    Args:
        effect: What was shared out.
        language: "en" or "zh".
    """
    words = WORDS[language]
    how = words["adds"] + ("" if language == "zh" else " ") + words["how"]
    return [*_changes(effect, language), *_who(effect, language), how]


def few(effect: Effect, language: str = "en") -> list[str]:
    """The same in five sentences at most: what changed by what, who pays otherwise, who gains and who loses."""
    who = list(_who(effect, language))
    return [*_changes(effect, language)[: FEW - len(who)], *who]


def gains(effect: Effect, language: str = "en") -> tuple[list[str], list[list[str]]]:
    """Who gains and who loses, as heads and rows of a table."""
    words = WORDS[language]
    keys = ("households", "satisfaction", "gain", "lose", "paid", "more", "less")
    rows = []
    for row in effect.groups[effect.groups["trait"] != "building"].to_dict("records"):
        numbers = [
            signed(100.0 * row[key])
            if key in ("satisfaction", "paid")
            else number_text(round(row[key]), language)
            for key in keys
        ]
        rows.append([group_name(row["trait"], row["group"], language), *numbers])
    return [words["trait"], *(words[key] for key in keys)], rows


def moves(effect: Effect, language: str = "en") -> tuple[list[str], list[list[str]]]:
    """How many households pay more and less by what moved them most, as heads and rows of a table."""
    words = WORDS[language]
    found = effect.flows[(effect.flows["more"] >= 0.5) | (effect.flows["less"] >= 0.5)]
    rows = [
        [cause_name("collection_rate", row["cause"], language)]
        + [number_text(round(row[key]), language) for key in ("more", "less")]
        for row in found.sort_values("more", ascending=False).to_dict("records")
    ]
    return [words["cause"], words["more"], words["less"]], rows


def cause_name(outcome: str, cause: str, language: str = "en") -> str:
    """What a cause of an outcome is called."""
    named = OUTCOMES[outcome][cause]
    return named.zh if language == "zh" else named.en


def group_name(trait: str, group: str, language: str = "en") -> str:
    """What a group of households is called."""
    words = WORDS[language]
    return words[group] if group in words else words[trait].format(group)


def against(effect: Effect, language: str = "en") -> str:
    """What the policy's run is held against, in words."""
    question, words = effect.question, WORDS[language]
    if question.before is not None:
        return words["before"].format(question.before)
    if question.other.policy.measures and not question.without:
        other = question.other
        return words["than"].format(policy_title(other, other.policy.name, language))
    return words["lacking"].format(question.without) if question.without else words["without"]


def _head(effect: Effect, language: str) -> str:
    config = effect.question.config
    title = config.scenario.title_zh if language == "zh" else config.scenario.title
    name = policy_title(config, config.policy.name, language)
    return WORDS[language]["head"].format(
        title=title, policy=name, against=against(effect, language), month=config.months
    )


def outcome_name(outcome: str, language: str) -> str:
    """What an outcome is called."""
    return INDICATORS[outcome].zh if language == "zh" else INDICATORS[outcome].en


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["cause"] != WHOLE].sort_values("part", key=abs, ascending=False)


def _ranged(row: dict[Any, Any], scale: float) -> str:
    return with_interval(*(scale * row[key] for key in ("part", "low", "high")))


def _changes(effect: Effect, language: str) -> list[str]:
    told = [whole_sentence(effect, outcome, language) for outcome in OUTCOMES]
    if any(told):
        return list(filter(None, told))
    month, seeds = effect.question.config.months, effect.question.config.replications
    return [WORDS[language]["nothing"].format(
        against=against(effect, language), month=month, seeds=seeds)]  # fmt: skip


def whole_sentence(effect: Effect, outcome: str, language: str = "en") -> str:
    """An outcome's difference and its largest parts; "" where it is not known, or nothing has moved."""
    words, month = WORDS[language], effect.question.config.months
    scale, _ = unit_of(outcome, language)
    rows = effect.parts[effect.parts["outcome"] == outcome]
    whole = rows[rows["cause"] == WHOLE].iloc[0]
    gap, share = scale * float(whole["part"]), INDICATORS[outcome].share
    if not abs(gap) >= LEAST:
        return ""
    low, high = (signed(scale * float(whole[key])) for key in ("low", "high"))
    up = ("fewer_tickets", "more_tickets", "down", "up")[2 * share + (gap >= 0)]
    return words["outcome"].format(
        outcome=outcome_name(outcome, language), month=month, whole=signed(gap), moved=words[up],
        size=f"{abs(round(gap, 1)):.1f}", unit=words["points" if share else "tickets"],
        against=against(effect, language), seeds=int(whole["seeds"]), low=low, high=high,
        parts=_parts(outcome, rows, scale, language),
    )  # fmt: skip


def _parts(outcome: str, rows: pd.DataFrame, scale: float, language: str) -> str:
    """The largest parts by name, and the rest, so that they add up to the whole as it is printed."""
    words, whole = (
        WORDS[language],
        round(scale * float(rows.loc[rows["cause"] == WHOLE, "part"].iloc[0]), 1),
    )
    told, texts = 0.0, []
    for row in _ordered(rows)[:NAMED].to_dict("records"):
        part = round(scale * row["part"], 1)
        if abs(part) >= LEAST:
            told += part
            texts.append(
                words["named"].format(
                    cause=cause_name(outcome, row["cause"], language), part=signed(part)
                )
            )
    if not texts or abs(whole - told) >= LEAST:
        texts.append(words["rest"].format(signed(whole - told)))
    return words["comma"].join(texts)


def _who(effect: Effect, language: str) -> Iterator[str]:
    words, groups = WORDS[language], effect.groups
    every = groups[groups["trait"] == "all"].iloc[0]
    flows = effect.flows.sort_values("more", ascending=False)[:NAMED]
    causes = [
        words["flow"].format(
            cause=cause_name("collection_rate", row["cause"], language), count=f"{row['more']:.0f}"
        )
        for row in flows.to_dict("records")
        if row["more"] >= 0.5
    ]
    counts = {key: f"{every[key]:.0f}" for key in ("more", "less", "gain", "lose")}
    if causes:
        yield words["flows"].format(
            **counts, all=f"{every['households']:.0f}", causes=words["comma"].join(causes)
        )
    of = groups[
        groups["trait"].isin(["tenure", "life", "kind", "floor"]) & (groups["households"] >= 10.0)
    ]
    if len(of):
        most, least = (of.loc[of["satisfaction"].agg(end)] for end in ("idxmax", "idxmin"))
        yield words["groups"].format(
            **counts, most=group_name(most["trait"], most["group"], language),
            least=group_name(least["trait"], least["group"], language),
            high=signed(100.0 * float(most["satisfaction"])), low=signed(100.0 * float(least["satisfaction"])),
        )  # fmt: skip
