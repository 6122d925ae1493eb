"""The page of sliders as one HTML file: emulator, real runs, words and script inside, nothing loaded."""

from __future__ import annotations

import base64
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import known_language
from sim.experiments.tables import measure_title
from sim.inputs import units
from sim.outcomes import INDICATORS
from sim.report.page import font_face
from sim.science import emulator
from sim.science.explore import SHARED

if TYPE_CHECKING:
    from sim.science.explore import Explorer, Question

STEP = 0.05
"""Between two doses of a slider."""

WORDS = {
    "en": {
        "title": "{place}: measures by sliders",
        "claim": "Compares measures under stated assumptions. It does not forecast a compound.",
        "dose": "dose", "start": "starts", "end": "ends", "from": "month {n}", "until": "month {n}", "stays": "stays",
        "month": "month", "points": "{n} points",
        "alone_line": "without measures, mean", "line": "with these measures, mean", "band_50": "half of all runs",
        "band_90": "nine of ten runs", "points_lived": "real runs: mean, nine of ten",
        "nothing": "No measures", "real": "Next setting with real runs", "copy": "Copy the address",
        "command": "The same as a command, with real runs",
        "with": "{name} in month {month}: {value} on average with these measures, in nine of ten runs {low} to {high}.",
        "alone": "{name} in month {month}: {value} on average without measures, in nine of ten runs {low} to {high}.",
        "more": "Without measures it is {without}: {change} more with them.",
        "less": "Without measures it is {without}: {change} less with them.",
        "alike": "Without measures it is {without}: no difference larger than the emulator's error.",
        "gap": "Only {before}% of runs have a value of it in that month; where there is no firm, no fee falls due. The line is their mean, dotted where fewer than half have one.",
        "gaps": "{there}% of runs have a value of it in that month, {before}% without measures; where there is no firm, no fee falls due. The line is the mean of those that have, dotted where fewer than half have one.",
        "cost": "Up to month {month} the measures take {hours} hours and {yuan} yuan more than there would be without.",
        "error": "In month {month} the line lies within {off} of the mean of real runs in 95% of settings that the emulator had not seen.",
        "no_error": "Here too few real runs have a value for the line's error to be told.",
        "lived": "The orange marks are {count} real runs of exactly this setting, which the emulator has not seen.",
        "about": "Curves come from an emulator, not from the model itself: networks fitted to {runs} runs of {households} households over {months} months, whose error was measured on {unseen} other settings. Bands hold half and nine of ten of single runs there; the emulator's error is in them. Made by {software}, question {fingerprint}.",
    },
    "zh": {
        "title": "{place}：拖动滑块比较措施",
        "claim": "在既定假设下比较措施，不预测某一个小区。",
        "dose": "力度", "start": "开始", "end": "结束", "from": "第{n}月", "until": "第{n}月", "stays": "不结束",
        "month": "月份", "points": "{n}个百分点",
        "alone_line": "不采取措施，平均", "line": "采取所选措施，平均", "band_50": "半数运行", "band_90": "九成运行",
        "points_lived": "真实运行：平均与九成范围",
        "nothing": "不采取措施", "real": "下一组有真实运行的设置", "copy": "复制地址", "command": "同一设置的命令（真实运行）",
        "with": "{name}：采取所选措施，第{month}月平均{value}，九成运行在{low}至{high}之间。",
        "alone": "{name}：不采取措施，第{month}月平均{value}，九成运行在{low}至{high}之间。",
        "more": "不采取措施时为{without}，采取后高{change}。",
        "less": "不采取措施时为{without}，采取后低{change}。",
        "alike": "不采取措施时为{without}，差别不超过仿真器误差。",
        "gap": "该月只有{before}%的运行有此数值；没有物业服务企业时不产生应收物业费。曲线为有数值的运行的平均，不足半数处画为点线。",
        "gaps": "该月{there}%的运行有此数值，不采取措施时为{before}%；没有物业服务企业时不产生应收物业费。曲线为有数值的运行的平均，不足半数处画为点线。",
        "cost": "截至第{month}月，所选措施比不采取措施多用{hours}工时、{yuan}元。",
        "error": "在仿真器未见过的设置中，95%的设置第{month}月曲线与真实运行平均值相差不超过{off}。",
        "no_error": "此处有数值的真实运行太少，曲线误差无法给出。",
        "lived": "橙色标记为恰好这一设置的{count}次真实运行，仿真器未见过。",
        "about": "曲线由仿真器给出，不是模型本身：神经网络依据{runs}次运行（{households}户、{months}个月）拟合，误差在另外{unseen}组设置上测得。色带分别包含其中半数和九成的单次运行，已计入仿真器误差。由{software}生成，问题编号{fingerprint}。",
    },
}  # fmt: skip


def as_page(explorer: Explorer, language: str = "en") -> str:
    """The page.

    Args:
        explorer: What it is made of.
        language: "en" or "zh", in which it opens.
    """
    data = json.dumps(_data(explorer, known_language(language)), ensure_ascii=False)
    here = resources.files(__package__)
    page, script = ((here / name).read_text("utf-8") for name in ("explorer.html", "explorer.js"))
    parts = {
        # Nothing in a name can end the element that it stands in.
        "$DATA": data.replace("<", "\\u003c"),
        "$FONT": font_face(page + data + script),
        "$SCRIPT": script,
    }
    for mark, text in parts.items():
        page = page.replace(mark, text, 1)
    return page


def _data(explorer: Explorer, language: str) -> dict[str, Any]:
    question, fitted = explorer.question, explorer.emulator
    scenario = question.config.scenario
    arrays = dict(emulator.arrays(fitted))
    lived, settings = _lived(explorer)
    arrays |= {f"lived.{name}": values for name, values in lived.items()}
    arrays["within"] = _within(explorer)
    return {
        "language": language,
        "place": {"en": scenario.title or scenario.name, "zh": scenario.title_zh or scenario.name},
        "words": WORDS,
        "levers": _levers(question),
        "indicators": [_indicator(name) for name in question.indicators],
        "outputs": question.outputs,
        "low": [_bounds(name)[0] for name in question.outputs],
        "high": [_bounds(name)[1] for name in question.outputs],
        "months": question.months,
        "first_month": scenario.first_month,
        "dose": question.dose,
        "step": STEP,
        "latest": question.latest,
        "memory": emulator.MEMORY,
        "years": emulator.YEARS,
        "least_spread": emulator.LEAST_SPREAD,
        "enough": emulator.ENOUGH,
        "rare": emulator.RARE,
        "networks": [
            [f"network{member}.{k}" for k in range(len(parts))]
            for member, parts in enumerate(fitted.networks)
        ],
        "spread": [f"spread.{k}" for k in range(len(fitted.spread))],
        "lived": settings,
        "repeats": [-(-question.unseen // SHARED) * question.repeats]
        + [question.repeats] * question.unseen,
        "command": question.command,
        "about": _about(explorer),
        "arrays": {name: _packed(values) for name, values in arrays.items()},
    }


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")


def _levers(question: Question) -> list[dict[str, Any]]:
    return [
        {
            **lever._asdict(),
            **{lang: measure_title(question.config, lever.label, lang) for lang in WORDS},
            "others": question.others(lever.label),
        }
        for lever in question.levers
    ]


def _indicator(name: str) -> dict[str, Any]:
    one = INDICATORS[name]
    return {"name": name, "en": one.en, "zh": one.zh, "share": one.share}


def _bounds(output: str) -> tuple[float, float]:
    """Ends of what an output can be; JSON has no infinity."""
    known = INDICATORS.get(output)
    low, high = (known.low, known.high) if known else (0.0, 1.0 if "_known" in output else np.inf)
    return max(low, -1e300), min(high, 1e300)


def _within(explorer: Explorer) -> np.ndarray:
    table = explorer.errors.pivot(index="indicator", columns="month", values="within")
    return table.loc[explorer.question.outputs].to_numpy()


def _lived(explorer: Explorer) -> tuple[dict[str, np.ndarray], list[list[list[float]]]]:
    """Real runs (settings, months, outputs) by figure, and the settings that they are of."""
    question, table = explorer.question, explorer.lived
    shape = (-1, len(question.months), len(question.outputs))
    figures = {
        name: table[name].to_numpy().reshape(shape) for name in ("mean", "low_90", "high_90")
    }
    firsts = table.iloc[:: shape[1] * shape[2]]
    columns = [
        firsts[[f"{lever.label}.{name}" for name in emulator.Setting._fields]].to_numpy()
        for lever in question.levers
    ]
    return figures, np.stack(columns, axis=1).tolist()


def _about(explorer: Explorer) -> dict[str, Any]:
    question, made = explorer.question, explorer.provenance
    return {
        "runs": len(explorer.design),
        "households": units(question.config),
        "months": question.config.months,
        "unseen": question.unseen,
        "software": made["software"],
        "fingerprint": made["fingerprint"],
    }
