"""The paper a leader reads: question, conclusions, policies side by side, input, risks, proposals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim import known
from sim.as_text import MISSING, aside, number_text, percent_text, points_text, signed
from sim.experiments import paired
from sim.experiments.compare import last_month_in_force
from sim.experiments.summary import HIGH, LOW
from sim.experiments.summary_table import ACTORS
from sim.outcomes import RATE
from sim.report.case import Case, cut_short
from sim.report.content import Block, Cell, Number, Paragraph, Section, Table
from sim.report.reliability import leading, reliability
from sim.report.sentences import (
    MAIN,
    Runs,
    between,
    counted,
    fading,
    level_text,
    span,
    together,
    worse,
)
from sim.report.words import PAPER
from sim.science import effect_table

MOST_OTHERS = 3
"""Policies that conclusions hold against the best; an annex has all pairs."""

LEAST_GAIN = 0.25
"""Part of the best policy's gain below which a cheaper one is no way out: assumed."""

MOST_WORSE = 2
"""Changes for the worse that the paper names of one policy."""


def sections(cases: Sequence[Case]) -> list[Section]:
    """The paper's sections, each about every scenario of the comparison."""
    words = PAPER[cases[0].language]
    parts = (
        ("s_asked", _asked),
        ("s_answer", _conclusions),
        ("s_table", _side_by_side),
        ("s_input", _input),
        ("s_risk", _risks),
        ("s_advice", _proposals),
    )
    return [
        Section(words[name], [block for case in cases for block in told(case, len(cases) > 1)])
        for name, told in parts
    ]


def _numbered(case: Case, several: bool, points: Sequence[tuple[str, str]]) -> list[Block]:
    """Points of a section, each with its number, in which compound it is, and what it is about."""
    words = PAPER[case.language]
    place = words["place_of"].format(place=case.place) if several else ""
    return [
        Paragraph(
            text,
            lead=words["number"].format(n=_number(n, case.language))
            + place
            + (lead and lead + words["full_stop"]),
        )
        for n, (lead, text) in enumerate(points, 1)
    ]  # fmt: skip


def _number(n: int, language: str) -> str:
    if language == "en":
        return str(n)
    digits = " 一二三四五六七八九"
    tens, ones = divmod(n, 10)
    ten = ("", "十")[tens] if tens < 2 else f"{digits[tens]}十"
    return (ten + digits[ones]).strip()


def _asked(case: Case, several: bool) -> list[Block]:
    words, names = PAPER[case.language], [case.called[policy] for policy in case.tried]
    count = len(case.runs[case.reference].seeds)
    blocks: list[Block] = []
    if case.extra.question:
        blocks.append(Paragraph(case.extra.question, lead=words["ask"] + words["colon"]))
    text = words["asked" if names else "asked_one"].format(
        place=case.place, households=f"{case.households:,}", policies=words["and"].join(names),
        count=words["policies" if len(names) > 1 else "policies_one"].format(
            count=_count(len(names), words)
        ),
        reference=case.called[case.reference], runs=count, months=case.last, month=case.month,
    )  # fmt: skip
    return [*blocks, Paragraph(text)]


def _count(n: int, words: dict[str, str]) -> str:
    """A small number as a word."""
    counts = words["counts"].split()
    return counts[n - 1] if n <= len(counts) else str(n)


# --- conclusions --------------------------------------------------------------------------------


def _conclusions(case: Case, several: bool) -> list[Block]:
    words = PAPER[case.language]
    points = [_best(case)] if case.tried else [_alone(case)]
    order = [policy for policy, _ in leading(case)]
    best, others = (order[0], order[1:]) if order else ("", [])
    for policy in others[:MOST_OTHERS]:
        told = between(
            case.runs[policy], case.runs[best], case.runs[case.reference],
            (case.called[policy], case.called[best]),
            level=case.level, within=case.month, language=case.language,
        )  # fmt: skip
        more = policy == others[-1] or policy != others[:MOST_OTHERS][-1]
        points.append(("", told if more else told + words["others"]))
    if case.why is not None:
        name, effect = case.why
        lead = words["why"].format(name=cut_short(name, case.language))
        gap, adds = " " if case.language == "en" else "", effect_table.WORDS[case.language]["adds"]
        points.append((lead, effect_table.few(effect, case.language)[0] + gap + adds))
    trust = reliability(case)
    points.append((words["reliable"].format(grade=words[trust.grade]), _reasons(case)))
    return _numbered(case, several, points)


def _reasons(case: Case) -> str:
    trust, language = reliability(case), case.language
    joined = PAPER[language]["sep"].join(trust.reasons)
    first, stop = (joined[:1].upper() + joined[1:], ". ") if language == "en" else (joined, "。")
    return f"{trust.use}{' ' if language == 'en' else ''}{first}{stop.strip()}"


def _best(case: Case) -> tuple[str, str]:
    """What the policy that collects most does, or that none can be told from the reference."""
    words = PAPER[case.language]
    policy, gain = leading(case)[0]
    runs, reference = together(case.runs[policy], case.runs[case.reference])
    names = {"name": case.called[policy], "reference": case.called[case.reference]}
    if not gain["pairs"]:
        return words["unknown"], words["none_text"].format(month=case.month)
    whole, pairs = len(runs.seeds), gain["pairs"]
    scope = "" if pairs == whole else words["some_pairs"].format(pairs=pairs, runs=whole)
    level, other = (known.mean(one.at(MAIN, case.month)) for one in (runs, reference))
    numbers = {"month": case.month, "value": _exact(level), "other": _exact(other), "scope": scope}
    if math.isnan(gain["low"]):
        return words["one_run"], words["one_run_text"].format(**names, **numbers)
    interval = span(_points(gain["low"]), _points(gain["high"]), case.language)
    key = "best" if gain["low"] > 0 else "unsure"
    told = words[f"{key}_text"].format(
        **names, **numbers, gain=_points(gain["difference"]), interval=interval,
        odds=_odds(case, runs, reference),
    )  # fmt: skip
    lead = "best_of_one" if key == "best" and len(case.tried) == 1 else key
    return words[lead].format(**names), told


def _alone(case: Case) -> tuple[str, str]:
    words, runs = PAPER[case.language], case.runs[case.reference]
    lead = case.called[case.reference]
    value = known.mean(runs.at(MAIN, case.month))
    if math.isnan(value):
        return lead, words["alone_none"].format(month=case.month)
    how, name = counted(runs, case.level)
    odds = words[name].format(
        a=how(runs, case.level, case.month), n=len(runs.seeds), month=case.month,
        level=level_text(case.level),
    )  # fmt: skip
    told = words["alone_text"].format(
        month=case.month, value=_exact(value), range=_most(case, runs, MAIN), odds=odds
    )
    return lead, told


def _odds(case: Case, runs: Runs, reference: Runs) -> str:
    """How many runs get where, beside the reference: counts, which nobody takes for a chance."""
    how, name = counted(reference, case.level)
    a, b = (how(one, case.level, case.month) for one in (runs, reference))
    return PAPER[case.language][f"{name}_beside"].format(
        a=a, b=b, n=len(runs.seeds), month=case.month, level=level_text(case.level),
        reference=case.called[case.reference],
    )  # fmt: skip


# --- the table ----------------------------------------------------------------------------------


def _side_by_side(case: Case, several: bool) -> list[Block]:
    words, reference = PAPER[case.language], case.called[case.reference]
    heads = ["c_policy", "c_level", "c_gain", "c_reached", "c_satisfied", "c_hours", "c_yuan"]
    if not case.tried:
        heads.remove("c_gain")
    columns = [words[h].format(reference=reference, level=level_text(case.level)) for h in heads]
    gains = dict(leading(case))
    rows = [_row(case, policy, gains.get(policy)) for policy in (*gains, case.reference)]
    title = words["t_paper"].format(month=case.month)
    if several:
        title = words["place_of"].format(place=case.place) + title
    note = words["table_note"].format(last=case.last, level=level_text(case.level))
    if any(np.isnan(case.runs[policy].at(MAIN, case.month)).any() for policy in case.policies):
        note += words["missing_note"]
    table = Table(f"paper-{case.plain}", title, columns, rows, sheet=_sheet(case, several))
    gap = " " if case.language == "en" else ""
    return [table, Paragraph(f"{RATE[case.language]}{gap}{note}", small=True)]


def _sheet(case: Case, several: bool) -> str:
    """What the sheet of the table is called: the section's title without its number."""
    title = PAPER[case.language]["s_table"].lstrip("三3、. ")
    return f"{title} {case.place}" if several else title


def _row(case: Case, policy: str, gain: dict[str, Any] | None) -> list[Cell]:
    words, runs = PAPER[case.language], case.runs[policy]
    count, _ = counted(case.runs[case.reference], case.level)
    level, satisfied = (known.mean(runs.at(name, case.month)) for name in (MAIN, "satisfied_share"))
    cells: list[Cell] = [case.called[policy], Number(100 * level, _with_range(case, runs, level))]
    if case.tried:
        cells.append(MISSING if gain is None else _gain_cell(gain, len(runs.seeds), words))
    reached = count(runs, case.level, case.month)
    cells.append(Number(reached, words["of"].format(a=reached, n=len(runs.seeds))))
    cells.append(Number(100 * satisfied, percent_text(satisfied)))
    spent = [float(getattr(runs, unit).mean()) / case.last for unit in ("hours", "yuan")]
    return [*cells, *spent]


def _with_range(case: Case, runs: Runs, level: float) -> str:
    """A mean with where nine of ten runs lie, and how many these are if not all."""
    if math.isnan(level):
        return MISSING
    there = int(np.count_nonzero(~np.isnan(runs.at(MAIN, case.month))))
    ends = _most(case, runs, MAIN)
    if there < len(runs.seeds):
        ends = PAPER[case.language]["runs"].format(text=ends, runs=there)
    return _exact(level) + aside(ends, case.language)


def _gain_cell(gain: dict[str, Any], count: int, words: dict[str, str]) -> Cell:
    text = signed(100 * gain["difference"])
    if gain["pairs"] and not (gain["low"] > 0 or gain["high"] < 0):
        text = words["uncertain"].format(gain=text)
    if 0 < gain["pairs"] < count:
        text = words["pairs"].format(text=text, pairs=gain["pairs"])
    return Number(100 * gain["difference"], text)


def _most(case: Case, runs: Runs, indicator: str) -> str:
    """Where nine of ten runs lie."""
    low, high = known.quantiles(runs.at(indicator, case.month), [LOW, HIGH])
    return span(percent_text(low), percent_text(high), case.language)


def _exact(share: float) -> str:
    # A tenth more than elsewhere: who takes one printed share from another finds the printed gain.
    return MISSING if math.isnan(share) else f"{100 * share:.1f}%"


def _points(share: float) -> str:
    return points_text(100 * share)


# --- input, risks, proposals --------------------------------------------------------------------


def _input(case: Case, several: bool) -> list[Block]:
    words, frame = PAPER[case.language], case.comparison.costs
    frame = frame[(frame["scenario"] == case.scenario) & (frame["actor"] != paired.ALL)]
    points = []
    for policy in [policy for policy, _ in leading(case)] or [case.reference]:
        given = [
            _given(case, str(row["actor"]), row["hours"] / case.last, row["yuan"] / case.last)
            for row in frame[frame["policy"] == policy].to_dict("records")
            if row["hours"] or row["yuan"]
        ]
        text = words["a_month"].format(parts=words["sep"].join(given)) if given else words["free"]
        points.append((case.called[policy], text))
    return [*_numbered(case, several, points), Paragraph(words["input_note"], small=True)]


def _given(case: Case, actor: str, hours: float, yuan: float) -> str:
    key = "give_both" if hours and yuan else "give" if hours else "give_yuan"
    few = PAPER[case.language]["under_one"]
    texts = {
        unit: number_text(amount, case.language) if amount >= 1 else few
        for unit, amount in (("hours", hours), ("yuan", yuan))
    }
    return PAPER[case.language][key].format(actor=ACTORS[case.language].get(actor, actor), **texts)


def _risks(case: Case, several: bool) -> list[Block]:
    words = PAPER[case.language]
    points = [(words["worse"], _worse(case))] if case.tried else []
    left = [_left(case, policy) for policy in case.tried]
    if any(left):
        gap = " " if case.language == "en" else ""
        points.append((words["fades"], gap.join(filter(None, left))))
    holds = words["holds_doubt" if case.config(case.reference).doubted else "holds_chance"]
    points.append((words["scope"], words["scope_text"].format(holds=holds)))
    return _numbered(case, several, points)


def _worse(case: Case) -> str:
    words, told, most = PAPER[case.language], [], 0
    for policy in case.tried:
        ours, theirs = together(case.runs[policy], case.runs[case.reference])
        items, watched = worse(ours, theirs, case.month, case.language)
        most = max(most, watched)
        if items:
            listed = words["sep_items"].join(items[:MOST_WORSE])
            if len(items) > MOST_WORSE:
                rest = len(items) if case.language == "zh" else len(items) - MOST_WORSE
                listed = words["more"].format(items=listed, count=rest)
            told.append(words["worse_policy"].format(name=case.called[policy], items=listed))
    if not told:
        return words["worse_none"].format(count=most, month=case.month)
    return words["worse_text"].format(month=case.month, items=words["sep"].join(told))


def _left(case: Case, policy: str) -> str:
    """What is left of a policy's gain after its end, if it ends."""
    end = last_month_in_force(case.config(policy))
    if end is None or end >= case.last:
        return ""
    ours, theirs = together(case.runs[policy], case.runs[case.reference])
    after = min(12, case.last - end)
    told = fading(ours, theirs, end, after, case.language)
    colon = PAPER[case.language]["colon"]
    return f"{case.called[policy]}{colon}{told}" if len(case.tried) > 1 else told


def _proposals(case: Case, several: bool) -> list[Block]:
    words = PAPER[case.language]
    doubt = words["try_low"] if case.tried and reliability(case).grade == "low" else ""
    choice = _choice(case)
    if choice != words["try_none"]:
        choice = doubt + choice
    points = [
        (words["try"], choice),
        (words["pilot"], words["pilot_text"]),
        (words["check"], words["check_text"]),
    ]
    return _numbered(case, several, points)


def _choice(case: Case) -> str:
    """Which policy may be considered, by what it gains and what it takes."""
    words = PAPER[case.language]
    if not case.tried:
        return words["try_alone"]
    good = [(policy, gain) for policy, gain in leading(case) if gain["low"] > 0]
    if not good:
        return words["try_none"]
    best = good[0][0]
    cheaper = [(policy, gain) for policy, gain in good[1:] if _takes_less(case, policy, best)]
    alike = [policy for policy, _ in cheaper if not _behind(case, policy, best)]
    if alike:
        least = min(alike, key=lambda policy: float(case.runs[policy].hours.mean()))
        return words["try_frugal"].format(
            name=case.called[least], best=case.called[best], month=case.month
        )
    if cheaper:
        hours, yuan = (
            float(getattr(case.runs[best], unit).mean()) / case.last for unit in ("hours", "yuan")
        )
        takes = {"name": case.called[best], "takes": _given(case, "", hours, yuan).strip()}
        enough = LEAST_GAIN * good[0][1]["difference"]
        for other, gain in cheaper:
            if gain["difference"] >= enough:
                return words["try_either"].format(
                    other=case.called[other], gain=_points(gain["difference"]), **takes
                )
        return words["try_only"].format(**takes)
    return words["try_best"].format(name=case.called[best])


def _takes_less(case: Case, policy: str, best: str) -> bool:
    ours, theirs = case.runs[policy], case.runs[best]
    return bool(ours.hours.mean() <= theirs.hours.mean() and ours.yuan.mean() <= theirs.yuan.mean())


def _behind(case: Case, policy: str, best: str) -> bool:
    """Whether a policy collects less than the best one for certain."""
    ours, theirs = together(case.runs[policy], case.runs[best])
    month = case.month
    gain = paired.difference(paired.Gain(ours.at(MAIN, month), theirs.at(MAIN, month)), 1)
    return not gain["high"] >= 0
