"""What stands behind a measure: who tells of it, what trials found, which reported cases had it."""

from __future__ import annotations

import re
from functools import lru_cache

from sim import library
from sim.as_text import exact_text
from sim.desk.words import WORDS, chinese_marks, joined
from sim.library import Case
from sim.measures.catalogue import CATALOGUE
from sim.science.trials import TRIALS

MOST_CASES = 4


@lru_cache(maxsize=128)
def lines(name: str, language: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Headings and what stands below each; a heading with nothing says so."""
    measure, words = CATALOGUE[name], WORDS[language]
    zh = language == "zh"
    through = measure.through_zh if zh and measure.through_zh else measure.through
    trials = [
        joined(trial.zh if zh else trial.en, trial.band.zh if zh and trial.band.zh else trial.band.how, language)
        for trial in TRIALS
        if name in {label.split(".")[0] for label in trial.policy}
    ]  # fmt: skip
    cases = [case for case in library.cases() if case.run and name in case.run.measures]
    told = [_case(case, language) for case in cases[:MOST_CASES]]
    if len(cases) > MOST_CASES:
        told.append(words["card_more"].format(n=len(cases) - MOST_CASES))
    return (
        (words["card_through"], (through,)),
        (words["card_told"], tuple(_quotes(measure.told, language)) or (words["card_none_told"],)),
        (words["card_trials"], tuple(trials) or (words["card_none_trials"],)),
        (words["card_cases"], tuple(told) or (words["card_none_cases"],)),
    )


def _quotes(told: str, language: str) -> list[str]:
    """Quotes with the number of the text that has them; what is no quote is left out on the Chinese page."""
    found = re.findall(r"(\d{3})_\w+: ([^;]+)", told)
    if found:
        quote = WORDS[language]["card_quote"]
        texts = [chinese_marks(text) if language == "zh" else text for _, text in found]
        return [
            quote.format(text=text.strip(), n=n) for (n, _), text in zip(found, texts, strict=True)
        ]
    return [told] if told and language == "en" else []


def _case(case: Case, language: str) -> str:
    zh = language == "zh"
    name = case.title_zh if zh else case.title
    what = library.MEASURES[case.measure][1 if zh else 0]
    before, after = (
        None if number.low is None or number.high is None else 0.5 * (number.low + number.high)
        for number in (case.before, case.after)
    )
    unit = "%" if case.unit == "percent" else ""
    if after is None or case.unit not in ("percent", "points"):
        return name
    key = "card_from_to" if before is not None else "card_to"
    said = WORDS[language][key].format(
        what=what, a="" if before is None else f"{exact_text(before)}{unit}", b=f"{exact_text(after)}{unit}"
    )  # fmt: skip
    return joined(name, said, language)
