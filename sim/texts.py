"""What ``xiaoqu explain`` says of measures, indicators, cases, policies, experiments, theories and the month."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from rich.cells import cell_len

from sim import ensemble
from sim.as_text import aside, exact_text, percent_text
from sim.config import Experiment, Policy, Scenario, Target
from sim.explain import parameter_lines, show
from sim.library import KINDS, MEASURES, UNITS, Case, Fact, Figure, Number, Run, used_in
from sim.measures.catalogue import CATALOGUE, Measure
from sim.outcomes import INDICATORS, Indicator
from sim.phrases import phrases
from sim.streams import Stream
from sim.world.arrows import ARROWS, Arrow
from sim.world.process import Month, Process

_HEADS = phrases("month_heads")
_RUN = phrases("month_run")
_WORDS = phrases("explain")

CHINESE = dict(zip(*phrases("month").values(), strict=True))
"""What each process of the month does, in Chinese by the first line of its rule; so a rule put in another's place is
never told in the other's words, and one that has no Chinese is told in its own."""

_CASE = phrases("case")
"""Heads of what is told of a case."""

_SAID = {
    "change": "前后变化", "level": "单一水平", "event": "是否发生", "start": "起点", "outcome": "结果",
    "success": "因成功而报道", "trouble": "因出事而报道", "ordinary": "调查或统计",
    "errs up": "可能偏高", "errs down": "可能偏低", "errs none": "无明显偏向",
    "money": "按金额", "households": "按户", "unstated": "口径未述", "no rate": "非比率",
    "self-reported": "自报", "told by others": "他人所述",
    "a year to date": "当年累计", "a whole year or a date": "全年或时点",
    "old no": "不含清欠", "old may": "可能含清欠", "old yes": "为清欠",
}  # fmt: skip
"""Words of the mapping in Chinese."""


def measure_text(name: str, measure: type[Measure]) -> str:
    """What a measure or event is, what it changes, who tells of it, and its parameters."""
    lines = [f"{name}: {measure.en} {measure.zh} ({measure.kind})", inspect.getdoc(measure) or ""]
    lines += [f"changes: {measure.through}"] if measure.through else []
    lines += [f"told in: {measure.told}"] if measure.told else []
    use = f"policy={name}  or  policy.measures.{name}.start=13"
    if measure.kind == "event":
        use = f"scenario.history.{name}.start=-24"
    return "\n".join([*lines, f"use: {use}", "", *parameter_lines(measure.Parameters)])


def indicator_text(indicator: Indicator) -> str:
    """Names, unit and formula of an indicator."""
    return (
        f"{indicator.name}: {indicator.en} {indicator.zh} (indicator)\n"
        f"unit: {indicator.unit}\nformula: {indicator.formula}"
    )


def scenario_text(scenario: Scenario) -> str:
    """A case with its past, its evidence and what was reported of it."""
    lines = [f"{scenario.name}: {scenario.title} {scenario.title_zh} (scenario)", scenario.summary]
    if scenario.history_months:
        lines += ["", f"history of {scenario.history_months} months before month 0:"]
        lines += [
            f"  month {entry.parameters.start}: {entry.measure.en} ({entry.label})"
            for entry in sorted(scenario.entries(), key=lambda entry: entry.parameters.start)
        ]
    lines += ["", "evidence:"] if scenario.evidence else []
    lines += [f"  {item.quote} [{item.source}] {item.note}" for item in scenario.evidence]
    lines += ["", "targets:"] if scenario.targets else []
    for target in scenario.targets:
        use = "fitted" if target.fitted else "not fitted"
        lines.append(
            f"  {_when(target)}: {_allowed(target)}; {use}; {target.label} [{target.source}]"
        )
    return "\n".join(lines)


def _when(target: Target) -> str:
    change = " (relative change)" if target.relative else ""
    return f"{target.indicator}{change} in month {target.month}"


def _allowed(target: Target, lang: str = "en") -> str:
    """What a target allows and what is reported, as tables of runs show its indicator."""
    indicator = INDICATORS[target.indicator]
    percent = indicator.share or target.relative
    low, high, told = (
        "" if value is None else percent_text(value) if percent else f"{value:g}"
        for value in (target.low, target.high, target.reported)
    )
    if lang == "zh":
        return f"{low}至{high}" + (f"，报道值{told}" if told else "")
    unit = "" if percent or indicator.unit == "1" else f" {indicator.unit}"
    return f"{low} to {high}{unit}" + (f", reported {told}" if told else "")


def case_text(case: Case, lang: str = "en") -> str:
    """A case of the library: what is reported, from where, and what stands for it in a run."""
    at = ("en", "zh").index(lang)
    counts, done, note = (
        getattr(case, name if lang == "en" else f"{name}_zh") for name in ("counts", "done", "note")
    )
    told = {
        "reported": MEASURES[case.measure][at] + aside(UNITS[case.unit][at], lang),
        "counts": counts,
        "kind": KINDS[case.kind][at] + aside(case.place, lang),
        "households": _in_words(case.households, lang),
        "before": _in_words(case.before, lang),
        "after": _in_words(case.after, lang),
        "months": _in_words(case.months, lang),
        "begun": case.start or _WORDS[lang]["not_told"],
        "done": done,
        "source": (case.url or _WORDS[lang]["not_told"])
        + aside(case.date or _WORDS[lang]["not_told"], lang),
        "grade": case.grade,
        "beware": note,
        "used": ", ".join(case.used_in),
        "why": case.why[at],
    }
    named = f"{case.id}: {case.title} {case.title_zh}"
    lines = [named + aside(_CASE[lang]["case"], lang)]
    lines += [_line(name, text, lang) for name, text in told.items() if text]
    lines += [_CASE[lang]["negative"]] if case.negative else []
    return "\n".join([*lines, *(["", *_run_lines(case, case.run, lang)] if case.run else [])])


def fact_text(fact: Fact, lang: str = "en") -> str:
    """A fact about many compounds at once, with its source and what rests on it."""
    told = {
        "of": fact.population,
        "values": fact.values,
        "n": fact.n,
        "year": fact.year,
        "source": fact.url or _WORDS[lang]["not_told"],
        "grade": fact.grade,
        "beware": fact.note,
        "rests": ", ".join(used_in(fact.id)),
    }
    lines = [f"{fact.id}: {fact.quantity} {fact.quantity_zh}" + aside(_CASE[lang]["fact"], lang)]
    return "\n".join([*lines, *(_line(name, text, lang) for name, text in told.items() if text)])


def _run_lines(case: Case, run: Run, lang: str) -> Iterator[str]:
    """What stands for a case in a run."""
    yield _line("lived", _said(run.role, lang), lang)
    yield _line("like", run.base, lang)
    yield _line("month_0", run.month_0, lang)
    yield _line("history", str(run.history_months), lang)
    sized = {} if run.households is None else {"population.households": run.households}
    went = {} if run.standing is None else {"standing": run.standing}
    settings = {**sized, **went, **run.states, **run.settings}
    yield _line("settings", "" if settings else _WORDS[lang]["none"], lang).rstrip()
    yield from (f"  {key}: {value}" for key, value in _flat(settings))
    for name, entries in (("past", run.history), ("measures", run.measures)):
        yield _line(name, "" if entries else _WORDS[lang]["none"], lang).rstrip()
        yield from (_entry(label, given, lang) for label, given in entries.items())
    yield _line("figures", "", lang).rstrip()
    yield from (_figure(figure, lang) for figure in run.figures)
    yield _line("read", _read(run, lang), lang)
    en = lang == "en"
    for name, text in (
        ("unmapped", run.unmapped if en else run.unmapped_zh),
        ("assumed", run.assumed if en else run.assumed_zh),
    ):
        yield from [_line(name, text, lang)] if text else []
    yield _line("use", f"xiaoqu run case={case.id}", lang)
    if run.measures:
        yield f"     xiaoqu compare scenario={case.id} policies=[none,{case.id}]"


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Keys down to single values, and those as a command takes them."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value).lower() if isinstance(value, bool) else str(value)


def _line(head: str, text: str, lang: str) -> str:
    return f"{_CASE[lang][head]}{_WORDS[lang]['colon']}{text}"


def _said(word: str, lang: str) -> str:
    return word if lang == "en" else _SAID[word]


def _figure(figure: Figure, lang: str) -> str:
    told = _allowed(figure, lang)
    if lang == "en":
        return f"  {figure.of}: {_when(figure)}: {told}"
    change = "（相对变化）" if figure.relative else ""
    return (
        f"  {_SAID[figure.of]}：第{figure.month}个月{INDICATORS[figure.indicator].zh}{change}{told}"
    )


def _read(run: Run, lang: str) -> str:
    """How a figure is told, and where it probably errs."""
    by = "self-reported" if run.self_reported else "told by others"
    year = "a year to date" if run.year_to_date else "a whole year or a date"
    if lang == "zh":
        rate = "no rate" if run.basis == "none" else run.basis
        words = (run.told_because, by, rate, year, f"old {run.old_money}", f"errs {run.direction}")
        return "，".join(_SAID[word] for word in words)
    counts = {"none": "no rate", "unstated": "basis not stated"}.get(run.basis, f"by {run.basis}")
    old = {"no": "no old debts in it", "may": "old debts may be in it", "yes": "of old debts"}
    errs = "errs neither way" if run.direction == "none" else f"probably errs {run.direction}"
    because = {"ordinary": "a survey or statistic"}.get(
        run.told_because, f"because of {run.told_because}"
    )
    return f"{because}, {by}; {counts}; {year}; {old[run.old_money]}; {errs}"


def _entry(label: str, given: dict[str, Any], lang: str) -> str:
    measure = CATALOGUE[given.get("measure", label)]
    words = ", ".join(f"{key} {value}" for key, value in given.items() if key != "measure")
    title = measure.en if lang == "en" else measure.zh
    return f"  {label}{_WORDS[lang]['colon']}{title}{_WORDS[lang]['semicolon']}{words or _WORDS[lang]['default']}"


def _in_words(number: Number, lang: str) -> str:
    """A figure in its own words in English, by its bounds in Chinese."""
    low, high = number.low, number.high
    if lang == "en" and number.words:
        return number.words
    if low is not None and high is not None:
        between = " to " if lang == "en" else "至"
        return f"{low:.9g}" if low == high else f"{low:.9g}{between}{high:.9g}"
    if low is not None:
        return f"{low:.9g} and more" if lang == "en" else f"{low:.9g}以上"
    if high is not None:
        return f"up to {high:.9g}" if lang == "en" else f"不超过{high:.9g}"
    return _WORDS[lang]["not_told"]


def experiment_text(experiment: Experiment) -> str:
    """An experiment with its keys and what they take."""
    e = experiment
    lines = [f"{e.name}: {e.title} {e.title_zh} (experiment)", e.summary, f"design: {e.design}"]
    lines += [f"  {key}: {show(value)}" for key, value in e.factors.items()]
    return "\n".join([*lines, f"use: xiaoqu sweep experiment={e.name}"])


def policy_text(policy: Policy) -> str:
    """A bundle with the months and settings of its measures."""
    lines = [f"{policy.name}: {policy.title} {policy.title_zh} (policy)", policy.summary]
    for entry in policy.entries():
        given = policy.measures[entry.label]
        words = ", ".join(f"{key} {value}" for key, value in given.items()) or "as by default"
        lines.append(f"  {entry.label}: {entry.measure.en} {entry.measure.zh}; {words}")
    return "\n".join(lines)


def theory_text(name: str, theory: Process, usual: str, lang: str = "en") -> str:
    """What a theory of paying says, and how it is chosen.

    Args:
        name: As ``fees.response`` names it.
        theory: What stands in the month in the place of ``would_pay``.
        usual: Name of the theory used where nothing is said.
        lang: Language, en or zh.
    """
    run, default = _RUN[lang][theory.compiled], name == usual
    if lang == "zh":
        return (
            f"{name}：缴费理论{'（默认）' if default else ''}\n{done(theory, lang)}\n运行方式：{run}\n"
            f"用法：fees.response={name}\n参数：xiaoqu explain fees"
        )
    return (
        f"{name}: theory of paying{' (the default)' if default else ''}\n{done(theory)}\nrun: {run}\n"
        f"use: fees.response={name}\nparameters: xiaoqu explain fees"
    )


def month_text(month: Month, lang: str = "en") -> str:
    """What happens in a month, in its order: what each process is called, how it is run, what it does."""
    rows = [
        (
            str(number),
            process.name,
            _RUN[lang][process.compiled],
            process.switch or "-",
            _draws(process.stream, lang),
            done(process, lang),
        )
        for number, process in enumerate(month, 1)
    ]
    columns = zip(_HEADS[lang], *rows, strict=True)
    number_wide, *widths = (max(map(cell_len, column)) for column in columns)
    lines = (
        "  ".join([row[0].rjust(number_wide), *map(_padded, row[1:], widths)]).rstrip()
        for row in (_HEADS[lang], *rows)
    )
    return "\n".join(lines)


def arrows_text(lang: str = "en") -> str:
    """Every causal arrow: its name as ``cut`` takes it, how it acts, and what its rule sees where it is cut."""
    blocks = [arrow_text(one, lang) for _, one in sorted(ARROWS.items())]
    use = _WORDS[lang]["use_of_cut"].format(name="income_to_effort,norm_to_pay")
    return "\n".join([*blocks, "", use])


def arrow_text(one: Arrow, lang: str = "en") -> str:
    """One arrow in two lines."""
    how, cut = (one.zh, one.zh_neutral) if lang == "zh" else (one.en, one.neutral)
    return f"{one.name}: {how}\n    {_WORDS[lang]['cut']}{cut} ({one.module})"


def doubt_text(lang: str = "en") -> str:
    """What doubt about parameters is: where the sets come from, and what each key takes in them."""
    made = ensemble.shipped()
    low, middle, high = np.quantile(made.draws, [0.05, 0.5, 0.95], axis=0)
    heads = {"en": ("key", "5%", "median", "95%"), "zh": ("参数", "5%", "中位数", "95%")}[lang]
    rows: list[tuple[str, ...]] = [heads]
    rows += [
        (key, *(exact_text(float(v), 3) for v in values))
        for key, *values in zip(made.keys, low, middle, high, strict=True)
    ]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(map(_padded, row, widths)).rstrip() for row in rows]
    about = _WORDS[lang]["doubt"].format(
        version=made.version,
        what=made.zh if lang == "zh" else made.en,
        draws=len(made.draws),
        sha=made.sha256[:12],
    )
    return "\n".join([about, "", *table])


def done(process: Process, lang: str = "en") -> str:
    """What a process does in a sentence, in English where nobody has told it in Chinese."""
    if lang == "en":
        return process.doc
    return process.zh or CHINESE.get(process.doc, process.doc)


def _draws(stream: int, lang: str) -> str:
    if stream in set(Stream):
        return Stream(stream).name.lower()
    return _WORDS[lang]["own_draws"] if stream else "-"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
