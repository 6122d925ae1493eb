"""The case library: what is reported of real compounds, and which cases can be lived, as what.

Facts stand in ``sim/data/cases.csv`` (one reported figure or pair a row) and ``sim/data/facts.csv`` (about many
compounds at once). What stands for a case in a run stands in ``sim/data/mapping.yaml``, which was written from the
rows alone and frozen before any of them was run: see docs/evidence.md, "Case library, frozen".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError
from yaml import YAMLError

from sim.config import Config, Target
from sim.errors import InputError
from sim.explain import input_error, show, unknown_name
from sim.measures.catalogue import CATALOGUE
from sim.phrases import phrases
from sim.schema import Parameters, param
from sim.standing import standing

if TYPE_CHECKING:
    from sim.science.observed import Observed

NAME = re.compile(r"[KR]\d+[a-z]?")
"""How a case is called, as no file of a scenario is."""

FACT = re.compile(r"D\d+")
"""How a fact is called."""

IN_SCORE = frozenset({
    "K002", "K013", "K016", "K036", "K038", "K041", "K042", "K049", "K054", "K057", "K063", "K070", "K072", "K085",
     "K087", "K088", "K089", "K103", "R2",
})  # fmt: skip
"""Cases whose outcomes were in the score by which the core's defaults were set: docs/evidence.md, "Run again"."""

MAPPING = "mapping.yaml"


def _pairs(part: str) -> dict[str, tuple[str, str]]:
    of = phrases(part)
    return {key: (en, of["zh"][key]) for key, en in of["en"].items()}


KINDS = _pairs("kinds_of_compound")
"""Kinds of compound in English and Chinese."""

MEASURES = _pairs("reported")
"""What is reported, in English and Chinese."""

UNITS = _pairs("units_reported")
"""Units of what is reported, in English and Chinese."""


# --- facts --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """A figure as told: bounds, an open one None, both None where there is no number; and its words."""

    low: float | None
    high: float | None
    words: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.low is not None or self.high is not None


@dataclass(frozen=True)
class Fact:
    """What is reported of many compounds, bills or calls at once; ``number`` is the leading one."""

    id: str
    quantity: str
    quantity_zh: str
    population: str
    values: str
    number: Number
    unit: str
    n: str
    year: str
    grade: str
    url: str
    note: str


@dataclass(frozen=True)
class Case:
    """One reported case.

    Attributes:
        id: As in the sources of parameters, such as K053.
        title, title_zh, place: Who it is.
        kind: Of ``KINDS``.
        households: How many, as told.
        measure: What is reported, of ``MEASURES``.
        unit: Of ``before`` and ``after``, of ``UNITS``.
        before, after: The figures, the last one where there are several.
        months: Span between them.
        start: When what was done began, "" if it is not told.
        counts, counts_zh: What the figure counts, as far as told.
        done, done_zh: What was done.
        grade: A official or academic, B press, C mirror or weak.
        negative: Whether it fell, failed or did not change.
        date, url: Of the source; empty where none was returned.
        note, note_zh: What to beware of.
        run: What stands for it in a run, None if it cannot be lived.
        why: Then why not, in English and Chinese.
    """

    id: str
    title: str
    title_zh: str
    place: str
    kind: str
    households: Number
    measure: str
    unit: str
    before: Number
    after: Number
    months: Number
    start: str
    counts: str
    counts_zh: str
    done: str
    done_zh: str
    grade: str
    negative: bool
    date: str
    url: str
    note: str
    note_zh: str
    run: Run | None = None
    why: tuple[str, str] = ("", "")

    @property
    def targets(self) -> tuple[Target, ...]:
        """Its figures as a scenario's targets; none where it cannot be lived."""
        figures = self.run.figures if self.run else []
        return tuple(self._target(figure) for figure in figures)

    @property
    def observed(self) -> Observed:
        """Its figures as ``calibrate`` and ``predict`` hold a run against them."""
        from sim.science.observed import Observed

        return Observed(self.targets)

    @property
    def used_in(self) -> list[str]:
        """Parameters that take their number or order of size from it, so that it tests them little."""
        return used_in(self.id)

    def config(self, *overrides: str, **keys: Any) -> Config:
        """The case as a configuration under what was done; ``policy="none"`` leaves that out.

        Args:
            *overrides: Settings as on the command line.
            **keys: Settings as of ``sim.load``.

        Raises:
            InputError: It cannot be lived, or a setting is not allowed.
        """
        # The one way from a name to a configuration, which asks for this file.
        from sim.compose import load

        return load(self.id, *overrides, **{"policy": self.id, **keys})

    def tree(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """What its file of a scenario would hold beyond its base's.

        Args:
            base: Group ``population`` of the base.

        Raises:
            InputError: It cannot be lived.
        """
        run = self.lived()
        tree = {
            "months": max(1, *(figure.month for figure in run.figures)),
            "scenario": {
                "name": self.id, "policy": self.id, "title": self.title, "title_zh": self.title_zh,
                "summary": f"{self.counts}: {self.before.words}; then {self.after.words}.",
                "history_months": run.history_months, "first_month": run.first_month,
                "history": run.history, "evidence": [],
                "targets": [target.model_dump() for target in self.targets],
            },
        }  # fmt: skip
        for key, value in run.settings_over(base).items():
            below: dict[str, Any] = tree
            *place, last = key.split(".")
            for part in place:
                below = below.setdefault(part, {})
            below[last] = value
        return tree

    def bundle(self) -> dict[str, Any]:
        """What was done, as a policy's file would hold it.

        Raises:
            InputError: It cannot be lived.
        """
        return {
            "name": self.id, "title": f"What was done: {self.title}",
            "title_zh": f"{self.title_zh}的做法", "summary": f"{self.done}.",
            "measures": self.lived().measures,
        }  # fmt: skip

    def lived(self) -> Run:
        """What stands for it in a run.

        Raises:
            InputError: It cannot be lived.
        """
        if self.run is None:
            problem = f"case {self.id} cannot be lived: {self.why[0]}"
            raise InputError("case", problem, ", ".join(one.id for one in cases() if one.run))
        return self.run

    def _target(self, figure: Figure) -> Target:
        said = figure.model_dump(exclude={"of"})
        when = "at the start" if figure.of == "start" else "reported"
        said["fitted"] = self.id in IN_SCORE
        said["label"] = f"{MEASURES[self.measure][0]} {when}"
        return Target.model_validate(said | {"source": self.id, "note": self.counts})


# --- what stands for a case in a run ------------------------------------------------------------


class Figure(Target):
    """One figure of a case: a target, and whether the start or the outcome is told by it."""

    of: Literal["start", "outcome"] = param("outcome", "What it tells", zh="性质")


class Run(Parameters):
    """What stands for a case in a run: frozen, see ``sim/data/mapping.yaml``."""

    role: Literal["change", "level", "event"] = param(
        "change", "Before and after, one level, or whether something happened", zh="类型"
    )
    base: Literal["ordinary_estate", "old_estate", "new_estate", "resettlement_estate"] = param(
        "ordinary_estate", "Scenario that it is like but for what is told", zh="基准情景"
    )
    households: int | None = param(
        None, "Households, null for the base's", unit="household", low=10, high=2_000_000, zh="户数"
    )
    start: list[str] = param([], "Names of states that it begins in, later ones win", zh="起点状态")
    standing: float | None = param(
        None, "How well things had gone: the share that paid, null if not told", low=0, high=1,
        zh="起点缴费水平",
    )  # fmt: skip
    month_0: str = param(
        "", "Calendar month of month 0, the last before what was done, as in 2009-12", zh="第0个月"
    )
    history_months: int = param(
        12, "Months lived before month 0", unit="month", low=0, high=240, zh="历史月数"
    )
    settings: dict[str, Any] = param({}, "Dotted keys and values that are told", zh="设定")
    history: dict[str, dict[str, Any]] = param({}, "What was done or struck before", zh="此前")
    measures: dict[str, dict[str, Any]] = param({}, "What was done", zh="措施")
    figures: list[Figure] = param([], "What is reported", zh="数字")
    basis: Literal["money", "households", "unstated", "none"] = param(
        "unstated", "What a rate counts", zh="口径"
    )
    old_money: Literal["no", "may", "yes"] = param(
        "may", "Whether debts of earlier years may be counted in", zh="是否含清欠"
    )
    year_to_date: bool = param(
        False, "Whether the last figure is of a year not over", zh="是否当年累计"
    )
    told_because: Literal["success", "trouble", "ordinary"] = param(
        "success", "Why anybody told it", zh="报道缘由"
    )
    self_reported: bool = param(True, "Whether those who did it tell it", zh="是否自报")
    direction: Literal["up", "down", "none"] = param(
        "up", "Where such a figure probably errs", zh="可能偏向"
    )
    unmapped: str = param("", "What was told and has no measure", zh="未映射（英文）")
    unmapped_zh: str = param("", "The same in Chinese", zh="未映射")
    assumed: str = param("", "What is not told and had to be set", zh="假定（英文）")
    assumed_zh: str = param("", "The same in Chinese", zh="假定")
    states: dict[str, Any] = param({}, "Settings of the states named by start", zh="起点设定")

    @property
    def first_month(self) -> int:
        """Calendar month of month 1."""
        return int(self.month_0[5:]) % 12 + 1

    def settings_over(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """Dotted keys and values beyond the base; what is told of the case stands over its state.

        Args:
            base: Group ``population`` of the base, in whose proportion buildings follow.
        """
        sized: dict[str, Any] = {}
        if self.households is not None:
            buildings = round(base["buildings"] * self.households / base["households"])
            sized = {
                "population.households": self.households,
                "population.buildings": max(buildings, 1),
            }
        went = {} if self.standing is None else standing(self.standing)
        return {**sized, **went, **self.states, **self.settings}


# --- reading ------------------------------------------------------------------------------------


@cache
def cases() -> tuple[Case, ...]:
    """Every case in the order of the file.

    Raises:
        InputError: A row or the mapping cannot be used; names file, row and column.
    """
    runs, reasons = _mapping()
    found = []
    for where, row in _rows("cases.csv"):
        known: dict[str, Any] = {
            "households": _number(where, row, "households", words=False),
            "before": _number(where, row, "before"),
            "after": _number(where, row, "after"),
            "months": _number(where, row, "months", words=False),
            "negative": _one_of(where, row, "negative", ("0", "1")) == "1",
            "kind": _one_of(where, row, "kind", KINDS),
            "measure": _one_of(where, row, "measure", MEASURES),
            "unit": _one_of(where, row, "unit", UNITS),
            "grade": _one_of(where, row, "grade", "ABC"),
            "url": _address(where, row),
        }
        name = row["id"]
        if name not in runs and name not in reasons:
            raise InputError(where, f"case {name} is not in {MAPPING}", "a run or a reason")
        plain = {key: row[key] for key in Case.__dataclass_fields__ if key in row}
        found.append(
            Case(**{**plain, **known}, run=runs.get(name), why=reasons.get(name, ("", "")))
        )
    _each_once("cases.csv", [one.id for one in found])
    if lost := (runs.keys() | reasons.keys()) - {one.id for one in found}:
        raise InputError(MAPPING, f"{', '.join(sorted(lost))} is no case", "ids of cases.csv")
    return tuple(found)


@cache
def facts() -> tuple[Fact, ...]:
    """Every fact about many compounds in the order of the file.

    Raises:
        InputError: A row cannot be used; names file, row and column.
    """
    found = []
    for where, row in _rows("facts.csv"):
        _one_of(where, row, "grade", "ABC")
        _address(where, row)
        number = Number(_bound(where, row, "low"), _bound(where, row, "high"), row["values"])
        plain = {key: row[key] for key in Fact.__dataclass_fields__ if key in row}
        found.append(Fact(**plain, number=_ordered(where, number)))
    _each_once("facts.csv", [one.id for one in found])
    return tuple(found)


One = TypeVar("One", Case, Fact)


def case(name: str) -> Case:
    """A case by its name.

    Raises:
        InputError: There is none of this name; the closest are named.
    """
    return _named("case", cases(), name)


def fact(name: str) -> Fact:
    """A fact by its name.

    Raises:
        InputError: There is none of this name; the closest are named.
    """
    return _named("fact", facts(), name)


def _named(what: str, there: tuple[One, ...], name: str) -> One:
    found = next((one for one in there if one.id == name), None)
    if found is None:
        known = [one.id for one in there]
        raise unknown_name(what, f"no {what} is named {show(name)}", str(name), known)
    return found


def used_in(name: str) -> list[str]:
    """Parameters whose source names a case or a fact."""
    return [key for key, source in _sources() if re.search(rf"\b{name}\b", source)]


def _bytes(name: str) -> bytes:
    return files("sim").joinpath("data", name).read_bytes()


def _rows(name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a table, each with what to call it in a message."""
    for number, row in enumerate(csv.DictReader(io.StringIO(_bytes(name).decode())), 2):
        where = f"{name} row {number}"
        if None in row or None in row.values():
            raise InputError(where, "has more or fewer cells than the header", "one for each")
        yield where, row


def _each_once(where: str, names: list[str]) -> None:
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(where, f"{', '.join(sorted(twice))} stands twice", "each id once")


def _one_of(where: str, row: Mapping[str, str], column: str, allowed: Any) -> str:
    value = row[column]
    if not value or value not in allowed:
        raise InputError(f"{where}: {column}", f"{show(value)} is none of them", ", ".join(allowed))
    return value


def _address(where: str, row: Mapping[str, str]) -> str:
    url = row["url"]
    if url and not re.match(r"https?://[^\s]+$", url):
        raise InputError(f"{where}: url", f"{show(url)} is no address", "http(s)://..., or empty")
    return url


def _bound(where: str, row: Mapping[str, str], column: str) -> float | None:
    text = row[column]
    try:
        value = float(text) if text else None
    except ValueError:
        value = float("nan")
    if value is not None and not abs(value) < 1e12:
        raise InputError(f"{where}: {column}", f"{show(text)} is no number", "a number, or empty")
    return value


def _number(where: str, row: Mapping[str, str], stem: str, words: bool = True) -> Number:
    low, high = _bound(where, row, f"{stem}_low"), _bound(where, row, f"{stem}_high")
    return _ordered(f"{where}: {stem}", Number(low, high, row[stem] if words else ""))


def _ordered(where: str, number: Number) -> Number:
    if number.low is not None and number.high is not None and number.low > number.high:
        raise InputError(where, f"low {number.low:g} is above high {number.high:g}")
    return number


def _mapping() -> tuple[dict[str, Run], dict[str, tuple[str, str]]]:
    """What stands for each case that can be lived, and why each other one cannot."""
    try:
        # Hydra's reader refuses a key that stands twice, which plain YAML passes over.
        tree: Any = OmegaConf.to_container(OmegaConf.create(_bytes(MAPPING).decode()))
    except (YAMLError, OmegaConfBaseException) as error:
        raise InputError(MAPPING, str(error), "YAML with each key once") from None
    runs = {name: _run(name, given, tree["starts"]) for name, given in tree["runs"].items()}
    reasons = {}
    for name, code in tree["not_run"].items():
        if code not in tree["reasons"]:
            raise InputError(f"{MAPPING}: {name}", f"no reason {code}", ", ".join(tree["reasons"]))
        reasons[name] = (tree["reasons"][code]["en"], tree["reasons"][code]["zh"])
    if both := runs.keys() & reasons.keys():
        raise InputError(MAPPING, f"{', '.join(sorted(both))} has a run and a reason", "one")
    return runs, reasons


def _run(name: str, given: dict[str, Any], starts: dict[str, dict[str, Any]]) -> Run:
    where = f"{MAPPING}: {name}"
    states: dict[str, Any] = {}
    for start in given.get("start", []):
        if start not in starts:
            raise InputError(where, f"no start is named {start}", ", ".join(starts))
        states |= starts[start]
    try:
        run = Run.model_validate({**given, "states": states})
    except ValidationError as error:
        raise input_error(error, Run, where) from None
    if not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", run.month_0):
        raise InputError(where, f"month_0 is {show(run.month_0)}", "a month, as in 2009-12")
    if not any(figure.of == "outcome" for figure in run.figures):
        raise InputError(where, "no figure tells an outcome", "of: outcome")
    return run


def _sources() -> Iterator[tuple[str, str]]:
    """Key and source of every parameter, those of measures too."""
    yield from ((row.key, row.source) for row in Config.describe())
    for name, measure in CATALOGUE.items():
        yield from ((row.key, row.source) for row in measure.Parameters.describe(f"{name}."))
