"""Xiaoqu: agent-based simulation of how Chinese residential compounds are governed.

``from sim import load, run`` is where most notebooks start; ``NeighborhoodModel`` is the mesa
model. They are imported when first asked for, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.compose import load
    from sim.experiments.attribute import attribute
    from sim.experiments.calibrate import calibrate
    from sim.experiments.compare import compare
    from sim.experiments.optimise import optimise
    from sim.experiments.predict import predict
    from sim.experiments.robustness import robustness
    from sim.experiments.run import run
    from sim.experiments.sensitivity import sensitivity
    from sim.experiments.sweep import sweep
    from sim.experiments.tipping import tipping
    from sim.model import NeighborhoodModel

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
    "robustness",
    "run",
    "sensitivity",
    "sweep",
    "tipping",
]

_HOMES = {
    "attribute": "sim.experiments.attribute",
    "optimise": "sim.experiments.optimise",
    "robustness": "sim.experiments.robustness",
    "calibrate": "sim.experiments.calibrate",
    "predict": "sim.experiments.predict",
    "compare": "sim.experiments.compare",
    "load": "sim.compose",
    "run": "sim.experiments.run",
    "sensitivity": "sim.experiments.sensitivity",
    "sweep": "sim.experiments.sweep",
    "tipping": "sim.experiments.tipping",
    "NeighborhoodModel": "sim.model",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
