"""Answers of small questions, recorded in ``tests/recorded``, for tests of what is made of answers.

After a wanted change of their tables: ``python tests/recorded.py [NAME ...]`` lives them again.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from sim.questions import find

HERE = Path(__file__).parent / "recorded"
SMALL = ["population.households=200", "population.buildings=5", "executor=serial"]

COMMANDS: dict[str, tuple[str, str, list[str]]] = {
    "compare": (
        "sim.experiments.compare", "Comparison",
        ["policies=[none,building_meetings,member_contact,five_level_linkage]", "replications=4", "months=36"],
    ),
    "attribute": (
        "sim.science.attribute", "Attribution",
        ["policy=[member_contact,lead_by_paying,firm_tender,building_meetings,all_age_renewal]",
         "replications=4", "at=24", "indicator=collection_rate"],
    ),
    "optimise": (
        "sim.science.optimise", "Optimum",
        ["target='collection_rate>=0.2 at +24'", "trials=60", "worlds=8", "check=20"],
    ),
    "tipping": (
        "sim.science.tipping", "Tipping",
        ["steps=8", "hold=12", "grid=4", "policies=[five_level_linkage,member_contact]", "replications=3"],
    ),
    "sensitivity": (
        "sim.science.sensitivity", "Sensitivity",
        ["over=[fees,conflict]", "trajectories=4", "top=4", "samples=16", "replications=2", "at=[12,0]"],
    ),
    "calibrate": (
        "sim.science.calibrate", "Calibration",
        ["particles=20", "simulations=600", "draws=20"],
    ),
    "robustness": (
        "sim.science.robustness", "Robustness",
        ["policies=[none,member_contact,five_level_linkage]", "draws=40", "scenarios=[]", "at=24",
         "mechanisms=[conflict,commons]", "replications=3"],
    ),
}  # fmt: skip
"""Module and class of each answer, and the words of its question beside those of ``SMALL``."""


@cache
def answer(name: str) -> Any:
    """An answer as recorded, its question put together anew."""
    module, kind, _ = COMMANDS[name]
    answer: Any = getattr(importlib.import_module(module), kind)
    tables = {table: pd.read_parquet(HERE / name / f"{table}.parquet") for table in answer.TABLES}
    return answer(_question(name), **tables)


def record(name: str) -> None:
    """Live a question and write down its tables."""
    found = _question(name).answer()
    place = HERE / name
    place.mkdir(parents=True, exist_ok=True)
    for table in found.TABLES:
        frame = getattr(found, table)
        if name == "compare" and table in ("months", "runs"):
            about = [
                c for c in frame.columns if c in ("scenario", "policy", "run", "seed", "month")
            ]
            frame = frame[[*about, *[c for c in frame if c.startswith("collection_rate")]]]
        frame.to_parquet(place / f"{table}.parquet", index=False, compression="zstd")


def _question(name: str) -> Any:
    return find(name).ask_words(["scenario=kangqiao", *SMALL, *COMMANDS[name][2]])


if __name__ == "__main__":
    for wanted in sys.argv[1:] or COMMANDS:
        record(wanted)
        print(wanted, flush=True)
