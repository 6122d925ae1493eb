"""Libraries that only some questions need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sim.errors import InputError


def need(module: str, where: str, problem: str) -> Any:
    """A library, before a question that needs it lives anything.

    Args:
        module: What is imported.
        where: Question or word that needs it.
        problem: What is said where it is not there.

    Raises:
        InputError: It is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != module.split(".")[0]:
            raise
        raise InputError(where, problem, "pip install 'xiaoqu[science]'") from None
