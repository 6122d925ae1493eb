"""What ``xiaoqu explain`` says of measures, indicators, cases, policies, experiments, theories and the month."""

from __future__ import annotations

import inspect
from unicodedata import east_asian_width

from sim.config import Experiment, Policy, Scenario
from sim.explain import parameter_lines, show
from sim.measures.catalogue import Measure
from sim.month_zh import CHINESE
from sim.outcomes import Indicator
from sim.streams import Stream
from sim.world.arrows import ARROWS, Arrow
from sim.world.process import Month, Process

_HEADS = {
    "en": ("", "process", "run", "switch", "draws", "what it does"),
    "zh": ("", "过程", "运行方式", "开关", "随机数", "做什么"),
}
_RUN = {"en": ("Python", "compiled"), "zh": ("Python", "编译")}
_CUT = {"en": "cut: ", "zh": "切断后："}
_USE_OF_CUT = {
    "en": "use: cut=[{name}], with run, compare, sweep and others",
    "zh": "用法：cut=[{name}]，可用于 run、compare、sweep 等命令",
}
_OWN_DRAWS = {"en": "own", "zh": "自有"}


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
        reported = "" if target.reported is None else f", reported {target.reported}"
        lines.append(
            f"  {target.indicator} in month {target.month}: {target.low} to {target.high}"
            f"{reported}; {use}; {target.label} [{target.source}]"
        )
    return "\n".join(lines)


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
            f"{name}: 缴费理论{'(默认)' if default else ''}\n{done(theory, lang)}\n运行方式: {run}\n"
            f"用法: fees.response={name}\n参数: xiaoqu explain fees"
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
    number_wide, *widths = (max(map(_width, column)) for column in columns)
    lines = (
        "  ".join([row[0].rjust(number_wide), *map(_padded, row[1:], widths)]).rstrip()
        for row in (_HEADS[lang], *rows)
    )
    return "\n".join(lines)


def arrows_text(lang: str = "en") -> str:
    """Every causal arrow: its name as ``cut`` takes it, how it acts, and what its rule sees where it is cut."""
    blocks = [arrow_text(one, lang) for _, one in sorted(ARROWS.items())]
    use = _USE_OF_CUT[lang].format(name="income_to_effort,norm_to_pay")
    return "\n".join([*blocks, "", use])


def arrow_text(one: Arrow, lang: str = "en") -> str:
    """One arrow in two lines."""
    how, cut = (one.zh, one.zh_neutral) if lang == "zh" else (one.en, one.neutral)
    return f"{one.name}: {how}\n    {_CUT[lang]}{cut} ({one.module})"


def done(process: Process, lang: str = "en") -> str:
    """What a process does in a sentence, in English where nobody has told it in Chinese."""
    if lang == "en":
        return process.doc
    return process.zh or CHINESE.get(process.doc, process.doc)


def _draws(stream: int, lang: str) -> str:
    if stream in set(Stream):
        return Stream(stream).name.lower()
    return _OWN_DRAWS[lang] if stream else "-"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    # A terminal gives a Chinese character two places.
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
