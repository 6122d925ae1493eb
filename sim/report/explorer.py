"""The page of sliders as one HTML file: emulator, real runs, words and script inside, nothing loaded."""

from __future__ import annotations

import base64
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.as_text import title_of
from sim.errors import known_language
from sim.experiments.tables import measure_title
from sim.inputs import units
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.report.page import font_face
from sim.science import emulator

if TYPE_CHECKING:
    from sim.science.explore import Explorer, Question

STEP = 0.05
"""Between two doses of a slider."""

WORDS = phrases("explorer")


def as_page(explorer: Explorer, language: str = "en", command: bool = True) -> str:
    """The page.

    Args:
        explorer: What it is made of.
        language: "en" or "zh", in which it opens.
        command: Whether it says how to live a setting for real.
    """
    given = _data(explorer, known_language(language))
    given |= {"command": explorer.question.command if command else ""}
    data = json.dumps(given, ensure_ascii=False)
    here = resources.files(__package__)
    page, script = ((here / name).read_text("utf-8") for name in ("explorer.html", "explorer.js"))
    parts = {
        # Nothing in a name can end the element that it stands in.
        "$DATA": data.replace("<", "\\u003c"),
        "$FONT": font_face(page + data + script),
        "$SCRIPT": script,
    }
    # In one go: a name that holds such a mark is not filled in in its turn.
    return re.sub(r"\$(DATA|FONT|SCRIPT)\b", lambda found: parts[found[0]], page)


def _data(explorer: Explorer, language: str) -> dict[str, Any]:
    question, fitted = explorer.question, explorer.emulator
    scenario = question.config.scenario
    arrays = dict(emulator.arrays(fitted))
    lived, settings = _lived(explorer)
    arrays |= {f"lived.{name}": values for name, values in lived.items()}
    arrays["within"] = _within(explorer)
    arrays["tested"] = _tested(explorer)
    return {
        "language": language,
        "place": {lang: title_of(scenario, lang) for lang in WORDS},
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
        "certain": emulator.LEAST_TESTED,
        "networks": [
            [f"network{member}.{k}" for k in range(len(parts))]
            for member, parts in enumerate(fitted.networks)
        ],
        "spread": [f"spread.{k}" for k in range(len(fitted.spread))],
        "lived": settings,
        "repeats": [question.worlds] + [question.repeats] * question.unseen,
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


def _tested(explorer: Explorer) -> np.ndarray:
    """Settings (outputs, months) on which the line's error was measured."""
    table, question = explorer.lived, explorer.question
    unseen = table[table["setting"] >= 0]
    enough = unseen["count"] >= emulator.ENOUGH * question.repeats
    counts = enough.groupby([unseen["output"], unseen["month"]]).sum().unstack("month")
    return counts.loc[question.outputs].to_numpy()


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
