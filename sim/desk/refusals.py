"""What is refused, in the language of the page: errors themselves are English everywhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from sim.desk.compound import described
from sim.desk.words import ALLOWED_ZH, PROBLEMS_ZH, WHERE_ZH, WORDS
from sim.errors import InputError
from sim.society.reading import FIELDS_ZH

Table = tuple[tuple[str, str], ...]


def refusal(error: InputError, language: str) -> str:
    """An error in one line, in the language of the page."""
    problem = _turned(error.problem, PROBLEMS_ZH) if language == "zh" else None
    if language != "zh":
        return str(error)
    if problem is None:
        # Still the first words say what to do; the rest is for whoever is asked for help.
        problem = f"无法采用，请核对后重试（原文：{error.problem}）"
    row = described().get(error.where)
    names = ("figure_" + error.where.removeprefix("figures."), f"known_{error.where}")
    named = next((WORDS["zh"][name] for name in names if name in WORDS["zh"]), None)
    where = row.zh if row else named or _turned(error.where, WHERE_ZH) or error.where
    allowed = _turned(error.allowed, ALLOWED_ZH) or _columns(error.allowed)
    line = f"{where}：{problem}" + (f"；允许：{allowed}" if allowed else "")
    return " ".join(line.split())


def broken(error: Exception, language: str) -> str:
    """A fault of the program's own, in a line of the page's language; all of it goes to whoever keeps the desk."""
    logging.getLogger(__name__).error("the desk: %s", error, exc_info=error)
    said = " ".join(str(error).split())[:200]
    if isinstance(error, RuntimeError) and (turned := _turned(said, PROBLEMS_ZH)):
        return turned if language == "zh" else said
    return WORDS[language]["broken"].format(error=f"{type(error).__name__}: {said}")


class Told(Protocol):
    """Whatever says in a line why it has no answer."""

    problem: str


@contextmanager
def told_in(where: Told, language: str, told: Callable[[], None]) -> Iterator[None]:
    """Say in one line what a piece of work failed of, and tell of its end however it came."""
    try:
        yield
    except InputError as error:
        where.problem = refusal(error, language)
    except Exception as error:
        where.problem = broken(error, language)
    finally:
        told()


def _turned(said: str, table: Table) -> str | None:
    for pattern, words in table:
        if found := re.fullmatch(pattern, said, re.DOTALL):
            return words.format(*(FIELDS_ZH.get(one or "", one) for one in found.groups()))
    return None


def _columns(allowed: str) -> str:
    """A list of columns by their Chinese names, those without one left out; anything else as it is."""
    named = [FIELDS_ZH[name] for name in allowed.split(", ") if name in FIELDS_ZH]
    return "、".join(named) if re.fullmatch(r"\w+(, \w+)+", allowed) and named else allowed
