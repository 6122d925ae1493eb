"""From a session to configurations: a case or the user's own compound, under each policy."""

from __future__ import annotations

import hashlib
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from sim import known
from sim.compose import COMPOUND_PAST, choices, load, titles
from sim.config import ON, Config, Policy, change
from sim.desk.bench import Asked
from sim.desk.session import TO_THE_END, Own, Plan, Session
from sim.desk.words import WORDS
from sim.errors import InputError
from sim.explain import input_error, show
from sim.files import clear_leftovers, own_name, whole
from sim.intake.figures import read_months
from sim.intake.register import ROOM
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.posterior import estates
from sim.posterior import own as likeness
from sim.schema import Described
from sim.society.edges import read_edges
from sim.society.imports import CODES, NUMBERS, REQUIRED, read_households
from sim.society.reading import Note, Notes, sentences
from sim.world.tables import Life, Tenure

OWN = "own"
REFERENCE = "none"

FORM = (
    "population.households", "population.buildings", "population.stairs_per_building",
    "population.floors", "population.tenant_share", "population.vacant_share",
    "population.elderly_share", "population.young_share", "population.member_share",
    "population.active_share", "population.price_fen_per_m2", "firm.present", "firm.transparency",
    "committee.state",
)  # fmt: skip
"""What a user can say about a compound: keys of the configuration, which bring range and words."""

Now = dict[str, float]
"""Households, vacant_share, member_share and area_mean of the compound as it is being described."""

FIGURES: dict[str, Callable[[Now], float]] = {
    "population.area_mean": lambda now: 1.0,
    "population.vacant_share": lambda now: now["households"],
    "population.tenant_share": lambda now: now["households"],
    "population.elderly_share": lambda now: now["households"],
    "population.young_share": lambda now: now["households"],
    "population.member_share": lambda now: _occupied(now),
    "population.active_share": lambda now: now["member_share"] * _occupied(now),
    "population.price_fen_per_m2": lambda now: 0.01,
    "parking.cars_each": lambda now: _occupied(now),
    "parking.places_each": lambda now: now["households"],
    "parking.price_yuan": lambda now: 1.0,
    "firm.public_revenue_yuan": lambda now: 12 * now["households"] / TEN_THOUSAND,
    "fund.yuan_per_m2": lambda now: now["households"] * now["area_mean"] / TEN_THOUSAND,
    "community.grid_hours": lambda now: now["households"] / 1_000,
}
"""Parameters that an office knows in other units, and what 1 of each is there: flats, yuan, 10,000 yuan, hours."""

COUNTED_BY = tuple(
    f"population.{name}" for name in ("households", "vacant_share", "member_share", "area_mean")
)
"""What other figures are counted by: these stay as they were said, those of the kind follow."""

TEN_THOUSAND = 10_000

COMMITTEE = {
    "none": "none", "preparing": "none", "working": "working", "expired": "nominal", "idle": "nominal",
    "interim": "interim",
}  # fmt: skip
"""States of a committee as offices name them, and what each is in the model, which knows fewer."""

FACTS = ("built_year", "lifts", "lift_age", "contract_end", "staff", "grid_workers", "shops")
"""What an office knows and the model has no use for."""


def _occupied(now: Now) -> float:
    return now["households"] * (1.0 - now["vacant_share"])


MOST_HOUSEHOLDS = 5_000
"""Households that the desk answers for while a slider moves; larger ones are for the commands."""

HISTORY = 12
"""Months lived before the policy, so that the start is reached and not painted on."""

NOW, BEFORE = "collection_rate@+0", "collection_rate@-11"
"""The share of fees as it is, and a year before."""

A_YEAR_AGO = -9
"""Months before 0 that count as about a year ago."""

KNOWN = (
    BEFORE, "collection_households@+0", "satisfied_share", "tickets_per_1000",
    "complaints_per_1000", "days_to_close",
)  # fmt: skip
"""What an office may know of how things stand, beside the present rate: names of ``estates.names``."""


@lru_cache(maxsize=1)
def cases() -> dict[str, tuple[str, str]]:
    """Scenarios of one compound, with their English and Chinese titles, cases first."""
    named = {}
    for name in choices("scenario"):
        config = base(name)
        if config.district.compounds == 1 and name != "my_compound":
            named[name] = (config.scenario.title, config.scenario.title_zh)
    return dict(
        sorted(named.items(), key=lambda item: (not base(item[0]).scenario.targets, item[0]))
    )


def kinds() -> dict[str, tuple[str, str]]:
    """Kinds of compound that a user's own can be like: scenarios that are no case."""
    return {name: titles for name, titles in cases().items() if not base(name).scenario.evidence}


@lru_cache(maxsize=32)
def base(scenario: str) -> Config:
    """A scenario without measures.

    Raises:
        InputError: There is none of this name.
    """
    return load(scenario, policy=REFERENCE)


@lru_cache(maxsize=1)
def described() -> dict[str, Described]:
    """Every parameter of a configuration by its key."""
    return {row.key: row for row in Config.describe()}


def configurations(session: Session) -> dict[str, Asked]:
    """What a session asks for, by policy; the compound without measures is the first.

    Raises:
        InputError: A value that is not allowed; names it.
    """
    compound = compound_of(session)
    compound = compound.model_copy(
        update={
            "months": session.months,
            "replications": session.replications,
            "seed": session.seed,
        }
    )
    identity = compound.model_copy(update={"seed": 0, "replications": 1}).fingerprint()
    # The compound brings the reference along, with the titles that reports call it by.
    policies = {REFERENCE: compound.policy} | {p.name: policy_of(p) for p in session.policies}
    asked = {}
    for name, policy in policies.items():
        config = compound.model_copy(update={"policy": policy})
        asked[name] = Asked(identity, f"{identity}-{_fingerprint(config.policy)}", config)
    return asked


def compound_of(session: Session) -> Config:
    """The compound without measures."""
    if session.case == OWN:
        return own(session.own)
    if session.case not in cases():
        raise InputError("case", f"no case is named {show(session.case)}", ", ".join(cases()))
    return base(session.case)


def policy_of(plan: Plan) -> Policy:
    """A plan as the configuration has it.

    Raises:
        InputError: A setting of a measure is not allowed.
    """
    tree = {
        "name": plan.name, "title": plan.name, "title_zh": plan.name,
        "measures": {planned.key: planned.parameters() for planned in plan.measures},
    }  # fmt: skip
    try:
        return Policy.model_validate(tree)
    except ValidationError as error:
        raise input_error(error, Policy, "policy") from None


def _fingerprint(policy: Policy) -> str:
    entries = [(entry.label, entry.parameters.model_dump_json()) for entry in policy.entries()]
    return hashlib.sha256(repr(entries).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def bundles() -> dict[str, tuple[str, str]]:
    """Policies of several measures that come with xiaoqu: their English and Chinese titles."""
    named = {}
    for name in choices("policy"):
        if name not in CATALOGUE and name != REFERENCE:
            en, zh = titles("policy", name)
            named[name] = (en or name, zh or name)
    return named


@lru_cache(maxsize=32)
def named_policy(name: str, title: str) -> Plan:
    """A policy of ``configs/policy`` as a plan that can be changed.

    Raises:
        InputError: There is none of this name.
    """
    from sim.desk.session import Planned

    measures = []
    for entry in load(policy=name).policy.entries():
        # By key: a group of numbers may differ in one of them, and back to what is usual elsewhere.
        usual = {row.key: row.default for row in entry.measure.Parameters.describe()}
        values = _by_key(entry.parameters.model_dump())
        timing = {key: values.pop(key) for key in ("start", "end", "dose")}
        timing["end"] = min(timing["end"], TO_THE_END)
        label = "" if entry.label == entry.measure.name else entry.label
        settings = {key: value for key, value in values.items() if value != usual[key]}
        measures.append(
            Planned(measure=entry.measure.name, label=label, **timing, settings=settings)
        )
    return Plan(name=title[:40], measures=measures)


def _by_key(tree: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Values of a tree of parameters by their keys, as ``builds.young``."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        key = f"{before}{name}"
        found |= _by_key(value, f"{key}.") if isinstance(value, dict) else {key: value}
    return found


# --- the user's own compound ------------------------------------------------------------------------


def own(said: Own) -> Config:
    """The user's own compound as a configuration without measures.

    Raises:
        InputError: A value that is not allowed, a table that cannot be read (row and column), or
            a compound too large for the desk.
    """
    if said.like not in kinds():
        raise InputError("own.like", f"no kind is named {show(said.like)}", ", ".join(kinds()))
    settings: dict[str, Any] = {}
    for key, value in said.values.items():
        if key not in FORM:
            raise InputError(f"own.values.{key}", "is not asked for here", ", ".join(FORM))
        settings[key] = value
    like = likely(said)
    settings |= _happened(said, COMPOUND_PAST["scenario.history_months"] if like else HISTORY)
    if said.households:
        settings |= _household_file(said.households)
    settings |= _counted(said, settings)
    if said.edges:
        settings |= {"network.generator": "file", "network.file": str(kept(said.edges, "edges"))}
    tree = base(said.like).resolved()
    if like:
        # The draws know better than the file of the kind; what the form says is held beside them.
        tree |= {"held": [], "doubt": ON}
        settings |= {
            "scenario.first_month": COMPOUND_PAST["scenario.first_month"],
            "draws_file": _draws(like),
        }
    config = change(tree, settings)
    if config.population.households > MOST_HOUSEHOLDS:
        raise InputError(
            "population.households", f"{config.population.households} are too many for the desk",
            f"up to {MOST_HOUSEHOLDS}; xiaoqu run takes more",
        )  # fmt: skip
    if said.edges:
        _ties(said.edges, config.population.households)
    return config


@lru_cache(maxsize=8)
def _ties(text: str, n: int) -> Notes:
    """What uploaded ties hold; names every household, so that those of another number are seen."""
    notes: Notes = []
    path = kept(text, "edges")
    count = 1 + max(
        int(cell) for row in text.splitlines()[1:] for cell in row.split(",")[:2] if cell
    )
    if count != n:
        raise InputError(
            "edges.csv",
            f"ties among {count} households, where there are {n}",
            "the ties read anew, or removed",
        )
    _named(path, "edges.csv", lambda: read_edges(str(path), n, notes))
    return notes


def in_months(said: Own) -> dict[str, float]:
    """What the uploaded months tell of how things stand, by names of ``estates.names``.

    Rates as they stand in the last twelve months, states as means over these.
    """
    table = {
        name: [(month, value) for month, value in rows if -12 < month <= 0]
        for name, rows in own_months(said).items()
    }
    found = {
        f"{name}@{month:+d}": value
        for name in estates.RATES
        for month, value in table.get(name, ())
    }
    for name in estates.STATES:
        if rows := table.get(name):
            found[name] = float(np.mean([value for _, value in rows]))
    return found


def told_by(months: dict[str, float], name: str) -> float | None:
    """What figures of months say of one that is asked for in the form; None where they do not tell it."""
    alike = {
        int(other.partition("@")[2] or 0): value
        for other, value in months.items()
        if other.partition("@")[0] == name.partition("@")[0]
    }
    if name == BEFORE:
        # About a year ago: the first month, if it lies so far back.
        return alike[min(alike)] if alike and min(alike) <= A_YEAR_AGO else None
    return alike[max(alike)] if alike else None


def given(said: Own) -> dict[str, float]:
    """What is known of how things stand: of the uploaded months before what was typed."""
    found = in_months(said)
    typed = said.known | ({} if said.collection is None else {NOW: said.collection})
    return {name: value for name, value in typed.items() if told_by(found, name) is None} | found


def likely(said: Own) -> dict[str, pd.DataFrame] | None:
    """What the compound may be like, as ``xiaoqu compound`` finds it: fit, parameters, draws.

    A figure that hardly any compound of the kind shows is left out. None where no other is known, and without a firm:
    all compounds of the table have one.

    Raises:
        InputError: A figure is not allowed; names it.
    """
    figures = given(said)
    if not figures or said.values.get("firm.present") is False:
        return None
    return _likely(said.like, tuple(sorted(figures.items())), said.shift)


@lru_cache(maxsize=32)
def _likely(
    kind: str, figures: tuple[tuple[str, float], ...], shift: float
) -> dict[str, pd.DataFrame] | None:
    strange = likeness.strange(kind, dict(figures))
    moved = {
        name: min(max(value + shift, 0.0), max(value, 1.0)) if "@" in name else value
        for name, value in figures
        if name not in strange
    }
    return likeness.find(kind, moved) if moved else None


def _draws(like: dict[str, pd.DataFrame]) -> str:
    """Path of a compound's draws, which its runs live in place of those of everybody."""
    return str(kept(like["draws"].to_csv(index=False), "draws"))


def _happened(said: Own, before: int) -> dict[str, Any]:
    history = {
        trouble.event: {"start": trouble.month, "size": trouble.size} for trouble in said.troubles
    }
    earliest = min((trouble.month for trouble in said.troubles), default=0)
    return {
        "scenario.name": OWN,
        "scenario.title": said.name or "My compound",
        "scenario.title_zh": said.name or "我的小区",
        "scenario.summary": "",
        "scenario.targets": [],
        "scenario.evidence": [],
        "scenario.history": history,
        "scenario.history_months": max(before, 2 - earliest),
    }


def now_of(said: Own) -> Now:
    """What an office's figures are counted by: the table's before the form's before those of the kind."""
    table, usual = in_table(said.households), base(said.like).population
    now = {}
    for name in ("households", "vacant_share", "member_share", "area_mean"):
        key = f"population.{name}"
        value = table.get(key, said.values.get(key, getattr(usual, name)))
        now[name] = float(value) if isinstance(value, int | float) else getattr(usual, name)
    for name in ("area_mean", "vacant_share", "member_share"):
        key = f"population.{name}"
        if key in said.figures and key not in table:
            now[name] = said.figures[key] / max(FIGURES[key](now), 1e-9)
    return now


def figure_of(said: Own, key: str) -> tuple[float | None, float, float]:
    """One of ``FIGURES`` as it stands, and its bounds, in the office's unit; None where a table has it by flat."""
    row, table, per = described()[key], in_table(said.households), FIGURES[key](now_of(said))
    assert row.low is not None and row.high is not None
    value = table.get(key, said.values.get(key, base(said.like).at(key)))
    if key in said.figures and key not in table:
        return said.figures[key], row.low * per, row.high * per
    return None if value is None else float(value) * per, row.low * per, row.high * per


def _counted(said: Own, settings: dict[str, Any]) -> dict[str, Any]:
    """An office's figures as parameters.

    Raises:
        InputError: One is beyond what its parameter allows; names it by ``figures.`` and its key.
    """
    table, now = in_table(said.households), now_of(said)
    found: dict[str, Any] = {}
    for key, given in said.figures.items():
        if key not in FIGURES:
            raise InputError(f"figures.{key}", "is not asked for here", ", ".join(FIGURES))
        if key in table:
            continue
        _, low, high = figure_of(said, key)
        if not low <= given <= high + 1e-9:
            raise InputError(
                f"figures.{key}",
                f"{given:g} is not allowed",
                f"a number from {low:g} to {high:.10g}",
            )
        value = given / max(FIGURES[key](now), 1e-9)
        if isinstance(described()[key].default, int):
            if abs(value - round(value)) > 1e-6:
                raise InputError(
                    f"figures.{key}", f"{given:g} is not allowed", "two digits after the point"
                )
            value = round(value)
        found[key] = value
    return found


# --- uploads ----------------------------------------------------------------------------------------


UPLOADS = "desk"
"""What the folder of uploaded tables is called in the temporary folder."""

MOST_KEPT = 192 * 2**20
"""Bytes of all uploaded tables that are kept: those of sixty pages, and some for undo; beyond, the oldest go."""

_kept_files: OrderedDict[Path, int] = OrderedDict()


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    clear_leftovers(UPLOADS)
    return tempfile.TemporaryDirectory(prefix=own_name(UPLOADS))


def forget_uploads() -> None:
    """Take away all uploaded tables, as at the desk's end."""
    if _folder.cache_info().currsize:
        _folder().cleanup()
        _folder.cache_clear()
        _kept_files.clear()


def _household_file(text: str) -> dict[str, Any]:
    path = kept(text, "households")
    count = _named(path, "households.csv", lambda: len(read_households(str(path))["building"]))
    if count > MOST_HOUSEHOLDS:
        raise InputError("households.csv", f"{count} rows", f"up to {MOST_HOUSEHOLDS}")
    return {"population.household_file": str(path), "population.households": count}


def columns_of(what: str, language: str) -> dict[str, str]:
    """Columns that an uploaded table may have, and what stands in them; empty where it is needed."""
    if what == "months":
        named = {
            name: (known.zh if language == "zh" else known.en) + (" (0 – 1)" if known.share else "")
            for name, known in INDICATORS.items()
        }
        return {"month": "", **named}
    numbers = {name: f"{low:g} – {high:g}" for name, (low, high) in NUMBERS.items()}
    words = {name: ", ".join(codes) for name, codes in CODES.items()}
    room = {ROOM: WORDS[language]["column_room"]}
    return {**dict.fromkeys(REQUIRED, ""), **room, **words, **numbers}


def what_was_read(said: Own, what: str, language: str) -> list[str]:
    """What an uploaded table (households, months, edges) holds, and what of it was left out, in sentences.

    A table that cannot be read says nothing: why, ``own`` and ``own_months`` say.
    """
    notes: Notes = []
    try:
        if what == "households":
            read_households(str(kept(said.households, what)), notes)
        elif what == "edges":
            notes = _ties(said.edges, own(said).population.households)
        else:
            own_months(said, notes)
    except InputError:
        return []
    return sentences(notes, language)


def files(session: Session) -> dict[str, str]:
    """Paths of uploaded tables in a session's configurations, and what its report calls them."""
    if session.case != OWN:
        return {}
    tables = {"households": session.own.households, "edges": session.own.edges}
    named = {str(kept(text, what)): f"{what}.csv" for what, text in tables.items() if text}
    like = likely(session.own)
    return named | ({_draws(like): "draws.csv"} if like else {})


@lru_cache(maxsize=8)
def in_table(text: str) -> dict[str, Any]:
    """What an uploaded table of households decides: by key of the form, the value the table has.

    A table that cannot be read decides nothing: why, ``own`` says. None stands for a value that
    differs from household to household.
    """
    if not text:
        return {}
    try:
        given = read_households(str(kept(text, "households")))
    except InputError:
        return {}
    buildings, stairs = int(given["building"].max()) + 1, int(given["stair"].max()) + 1
    decided: dict[str, Any] = {
        "population.households": len(given["building"]),
        "population.buildings": buildings,
        "population.stairs_per_building": stairs // buildings if stairs % buildings == 0 else None,
        "population.floors": int(given["floor"].max()),
    }
    if "tenure" in given:
        decided["population.tenant_share"] = _share(given["tenure"] == Tenure.TENANT)
        decided["population.vacant_share"] = _share(given["tenure"] == Tenure.VACANT)
    if "life" in given:
        decided["population.young_share"] = _share(given["life"] == Life.YOUNG)
        decided["population.elderly_share"] = _share(given["life"] == Life.ELDERLY)
    if "member" in given:
        # The form's share is of occupied units, and a member lives in one.
        occupied = 1 - decided.get("population.vacant_share", 0.0)
        decided["population.member_share"] = _share(given["member"] == 1) / max(occupied, 1e-9)
    if "fee_fen" in given:
        decided["population.price_fen_per_m2"] = None
    if "area" in given:
        decided["population.area_mean"] = float(known.mean(given["area"]))
    return decided


def _share(flags: np.ndarray) -> float:
    return float(flags.mean())


def kept(text: str, what: str) -> Path:
    """An uploaded table under a name of ours: nothing of what was sent becomes a path."""
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = Path(_folder().name) / f"{what}-{name}.csv"
    if not path.exists():
        with whole(path) as part:
            part.write_text(text, encoding="utf-8")
        _kept_files[path] = path.stat().st_size
    _kept_files.move_to_end(path)
    while sum(_kept_files.values()) > MOST_KEPT:
        _kept_files.popitem(last=False)[0].unlink(missing_ok=True)
    return path


def _named(path: Path, shown: str, reads: Callable[[], Any]) -> Any:
    try:
        return reads()
    except InputError as error:
        where = error.where.replace(str(path), shown)
        raise InputError(where, error.problem.replace(str(path), shown), error.allowed) from None


def own_months(said: Own, notes: Notes | None = None) -> dict[str, list[tuple[int, float]]]:
    """The user's own figures by indicator: month and value.

    Args:
        said: The compound, with its uploaded table.
        notes: What was read and what was left out is added.

    Raises:
        InputError: The table cannot be read; names row and column.
    """
    if not said.months:
        return {}
    found, told = _months(said.months)
    if notes is not None:
        notes += told
    return found


@lru_cache(maxsize=32)
def _months(text: str) -> tuple[dict[str, list[tuple[int, float]]], Notes]:
    path, notes = kept(text, "months"), list[Note]()
    bounds = {name: (known.low, known.high) for name, known in INDICATORS.items()}
    titles = {name: (known.zh, known.en) for name, known in INDICATORS.items()}
    cells = _named(
        path,
        "months.csv",
        lambda: read_months(str(path), bounds, (-240, 600), notes, titles=titles),
    )
    found: dict[str, list[tuple[int, float]]] = {}
    for name, month, value in cells:
        found.setdefault(name, []).append((month, value))
    return {name: sorted(rows) for name, rows in found.items()}, notes


def measures() -> list[str]:
    """Names of all measures, in the catalogue's order."""
    return [name for name, measure in CATALOGUE.items() if measure.kind == "measure"]
