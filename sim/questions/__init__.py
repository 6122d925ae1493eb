"""What may be asked, a file for each question: its words, what is allowed, what is said of it.

The file ``sim/questions/NAME.py`` declares the function ``NAME`` under ``@question``. That makes it the
command ``xiaoqu NAME``, the function ``sim.NAME`` and the help of both. These files import nothing
heavy at their top, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sim.questions.base import QUESTIONS, Spec

_SHARED = ("base", "words")


def names() -> list[str]:
    """Names of all questions, in alphabetical order."""
    return sorted(found.name for found in iter_modules(__path__) if found.name not in _SHARED)


def find(name: str) -> Spec:
    """What is declared of a question."""
    import_module(f"{__name__}.{name}")
    return QUESTIONS[name]


def function(name: str) -> Any:
    """A question as a function."""
    return getattr(import_module(f"{__name__}.{name}"), name)
