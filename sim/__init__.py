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
    from sim.experiments.compare import compare
    from sim.experiments.run import run
    from sim.experiments.sweep import sweep
    from sim.model import NeighborhoodModel
    from sim.science.attribute import attribute
    from sim.science.calibrate import calibrate
    from sim.science.optimise import optimise
    from sim.science.predict import predict
    from sim.science.robustness import robustness
    from sim.science.sensitivity import sensitivity
    from sim.science.tipping import tipping

__version__ = "0.1.0"
__all__ = [
    "NeighborhoodModel",
    "__version__",
    "attribute",
    "calibrate",
    "compare",
    "load",
    "optimise",
    "predict",
    "rerun",
    "robustness",
    "run",
    "sensitivity",
    "sweep",
    "tipping",
]

_HOMES = {
    "attribute": "sim.science.attribute",
    "optimise": "sim.science.optimise",
    "robustness": "sim.science.robustness",
    "calibrate": "sim.science.calibrate",
    "predict": "sim.science.predict",
    "compare": "sim.experiments.compare",
    "load": "sim.compose",
    "rerun": "sim.again",
    "run": "sim.experiments.run",
    "sensitivity": "sim.science.sensitivity",
    "sweep": "sim.experiments.sweep",
    "tipping": "sim.science.tipping",
    "NeighborhoodModel": "sim.model",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
