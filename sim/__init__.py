"""Xiaoqu: agent-based simulation of how Chinese residential compounds are governed.

``from sim import load, run`` is where most notebooks start; ``NeighborhoodModel`` is the mesa
model. They are imported when first asked for, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# First of all: what is hashed must be what is imported.
from sim import source as source

if TYPE_CHECKING:
    from sim.again import rerun
    from sim.compose import load
    from sim.model import NeighborhoodModel
    from sim.questions.attribute import attribute
    from sim.questions.books import books
    from sim.questions.calibrate import calibrate
    from sim.questions.collect import collect
    from sim.questions.compare import compare
    from sim.questions.compound import compound
    from sim.questions.explore import explore
    from sim.questions.optimise import optimise
    from sim.questions.pool import pool
    from sim.questions.predict import predict
    from sim.questions.robustness import robustness
    from sim.questions.run import run
    from sim.questions.sensitivity import sensitivity
    from sim.questions.street import street
    from sim.questions.sweep import sweep
    from sim.questions.tipping import tipping
    from sim.questions.why import why

__version__ = "1.0.0"
__all__ = [
    "NeighborhoodModel", "__version__", "attribute", "books", "calibrate", "collect", "compare",
    "compound", "explore", "load", "optimise", "pool", "predict", "rerun", "robustness", "run", "sensitivity",
    "street", "sweep", "tipping", "why",
]  # fmt: skip

_HOMES = {
    "load": "sim.compose",
    "rerun": "sim.again",
    "NeighborhoodModel": "sim.model",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    # Not ``from sim import``, which would ask here again.
    questions = import_module("sim.questions")
    if name in questions.names():
        return questions.function(name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
