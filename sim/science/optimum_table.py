"""What a search says in a page: the frontier, the policy chosen, and how to run it."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from sim.as_text import number_text, value_text
from sim.experiments.doubt_text import split_line
from sim.experiments.summary_table import ACTORS
from sim.experiments.tables import measure_title, new_table, print_place
from sim.outcomes import INDICATORS
from sim.phrases import phrases

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.goal import Goal, Question
    from sim.science.optimise import Optimum

WORDS = phrases("optimum_table")


def target_text(goals: tuple[Goal, ...], language: str = "en") -> str:
    """The target in words."""
    texts = []
    for goal in goals:
        known = INDICATORS[goal.indicator]
        bound = value_text(goal.bound, known, language) + ("%" if known.share else "")
        name = known.zh if language == "zh" else known.en.lower()
        sign = "≥" if goal.sign > 0 else "≤"
        texts.append(
            WORDS[language]["at"].format(name=name, sign=sign, bound=bound, month=goal.month)
        )
    return ("、" if language == "zh" else " and ").join(texts)


def uncertain_text(question: Question, language: str = "en") -> str:
    """What the worlds differ in."""
    words = WORDS[language]
    if question.posterior:
        return words["posterior"].format(path=question.posterior)
    return words["ensemble" if question.config.doubted else "seeds"]


def print_optimum(optimum: Optimum, console: Console, language: str = "en") -> None:
    """Print the frontier, the chosen policy, how it was found, and where it is kept."""
    words, question = WORDS[language], optimum.question
    target = target_text(question.goals, language)
    head = words["head"].format(target=target, probability=100 * question.probability)
    console.print(head, style="bold")
    heads = ("policy", "measures", "cost", "hours", "yuan", "probability", "searched")
    table = new_table([words[name] for name in heads])
    for row in optimum.frontier.to_dict("records"):
        sure = f"{100 * row['probability']:.0f} [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"
        costs = [number_text(row[name], language) for name in ("cost", "hours", "yuan")]
        cells = [
            str(row["policy"]),
            str(row["measures"]),
            *costs,
            sure,
            f"{100 * row['searched']:.0f}",
        ]
        table.add_row(*cells, style="bold green" if row["chosen"] else None)
    console.print(table)
    chosen = optimum.chosen
    if chosen is None:
        best = 100 * optimum.frontier["probability"].max()
        console.print(words["none"].format(best=best), style="bold")
    else:
        number = int(chosen["policy"])
        console.print(f"{words['policy']} {number}: {words['chosen']}", style="bold green")
        for part in optimum.policies[optimum.policies["policy"] == number].to_dict("records"):
            title = measure_title(question.config, part["measure"], language)
            told = words["part"].format(title=title, dose=part["dose"], start=part["start"])
            console.print(f"  {told}")
        told = " ".join(shlex.quote(word) for word in optimum.settings(number))
        line = words["run"].format(scenario=question.config.scenario.name, words=told)
        console.print(line, soft_wrap=True)
    for row in optimum.split.to_dict("records"):
        shown = INDICATORS[row["outcome"]]
        of = words["adds"].format(
            number=row["policy"], name=shown.zh if language == "zh" else shown.en.lower()
        )
        if line := split_line(row, of, row["month"], language):
            console.print(line)
    console.print(_how(optimum, language), style="dim")
    print_place(optimum, console, language)


def _how(optimum: Optimum, language: str) -> str:
    words, question = WORDS[language], optimum.question
    line = words["how"].format(
        tried=len(optimum.candidates), all=question.choices ** len(question.labels),
        method=question.method, worlds=question.worlds, check=question.check,
        hour=question.hour_yuan, uncertain=uncertain_text(question, language),
    )  # fmt: skip
    limits = [
        f"{words[name]} ≤ {number_text(most, language)}"
        for name, most in (("hours", question.hours_most), ("yuan", question.yuan_most))
        if math.isfinite(most)
    ]
    limits += [
        words["limit_of"].format(
            payer=ACTORS[language].get(payer, payer), hours=number_text(most, language)
        )
        for payer, most in question.hours_of
    ]
    return line + (" " + words["limit"].format(limits=", ".join(limits)) if limits else "")
