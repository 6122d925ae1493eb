"""Bad input by the thousand: each case is taken, or refused in one clear line.

``python tests/fuzz.py --cases 20000`` tries so many cases in all, tells what broke, and ends with
exit code 1 if anything did. ``test_fuzz.py`` tries some hundreds, the same ones each time.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import os
import re
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from sim.compose import choices, folder, load, load_overrides, parse_sweep
from sim.config import Config, check
from sim.errors import InputError
from sim.experiments.design import Design, lay_out
from sim.intake.figures import read_months
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.society.edges import read_edges
from sim.society.imports import read_households

LONGEST_LINE = 1500
HOUSEHOLDS = 12

ODD_TEXT = [
    "", " ", "null", "~", "nan", "NaN", ".inf", "-inf", "1e400", "-1e400", "1e-400", "0x10", "0o7",
    "1_000", "1,5", "１２", "½", "true", "yes", "0", "-0", "-1", "1.5", "9" * 400, "99999999999999999999",
    "a" * 3000, "中文", "é", "\u202e", "\u0000", "\ud7ff", "\ufeff", "🏠", "'", '"', "\\", "[", "{", "}", "]",
    "a=b", "a,b", "${months}", "${oc.env:HOME}", "${nowhere}", "${", "$", "???", "_target_", "../x", "/etc/passwd",
    "=1+1", "<script>", "%s%n", "{0}", "\t", "\n", "\r\n", "interval(0,1)", "range(0,5)", "glob(*)",
    "choice(1,2)", "[1,2]", "{a: 1}", "int(3)", "sort(3,1)", "!!python/name:os.system", "&a *a", "2026-01-01",
]  # fmt: skip
ODD = st.one_of(
    st.sampled_from([None, True, False, 0, -1, 1, 2**31, 2**63, -(2**64), 10**400, 0.0, -0.0, 1e308,
                     -1e308, 5e-324, float("nan"), float("inf"), float("-inf"), [], {}, [[]], [None],
                     {"": 1}, {"a": {"b": {}}}, [1, "a"]]),
    st.sampled_from(ODD_TEXT),
    st.integers(-(10**6), 10**6),
    st.floats(),
    st.text(max_size=12),
)  # fmt: skip


class Broken(AssertionError):
    """A case that was neither taken nor refused as it should be."""


def refusal(error: InputError) -> str:
    """A refusal says where, what and, in one line that can be read, no more than that."""
    line = str(error)
    if not error.where.strip() or not error.problem.strip():
        raise Broken(f"names no place or no problem: {line!r}")
    if len(line) > LONGEST_LINE or len(line.splitlines()) != 1:
        raise Broken(f"is no line: {len(line)} characters, {line[:200]!r}")
    return "refused"


def tried(what: Callable[[], Any]) -> str:
    """Whether something was taken or refused; all else it raises is broken."""
    try:
        what()
    except InputError as error:
        return refusal(error)
    return "taken"


# --- configurations -----------------------------------------------------------------------------


def _places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node)
    found: list[tuple[Any, ...]] = []
    for key, value in below:
        found.append((*at, key))
        if isinstance(value, dict | list):
            found += _places(value, (*at, key))
    return found


def _bend(draw: st.DrawFn, tree: dict[str, Any]) -> None:
    places = _places(tree)
    if not places:
        return
    *above, last = draw(st.sampled_from(places))
    node: Any = tree
    for key in above:
        node = node[key]
    how = draw(st.sampled_from(["odd", "odd", "odd", "gone", "again", "other", "wrapped", "far"]))
    if how == "odd":
        node[last] = copy.deepcopy(draw(ODD))  # what is bent again must not be bent for later cases
    elif how == "gone":
        del node[last]
    elif how == "again" and isinstance(node, dict):
        node[draw(st.one_of(st.text(max_size=8), st.sampled_from(ODD_TEXT)))] = node[last]
    elif how == "other":
        value: Any = tree
        for key in draw(st.sampled_from(places)):
            value = value[key]
        node[last] = copy.deepcopy(value)
    elif how == "wrapped":
        node[last] = draw(st.sampled_from([[node[last]], {"value": node[last]}, str(node[last])]))
    elif isinstance(node[last], int | float) and not isinstance(node[last], bool):
        with contextlib.suppress(OverflowError):
            node[last] = node[last] * draw(st.sampled_from([-1, 10, 1000, 1e9, 0, 1.5]))


def _bases() -> list[dict[str, Any]]:
    cases = [load(name) for name in choices("scenario")]
    return [c.resolved() for c in cases] + [
        load("kangqiao", policy=name).resolved()
        for name in ("five_level_linkage", "shenhong", "w_compound", "member_contact")
    ]


_KEPT: list[dict[str, Any]] = []


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """A whole configuration with some of it bent."""
    if not _KEPT:
        _KEPT.extend(_bases())
    tree = copy.deepcopy(draw(st.sampled_from(_KEPT)))
    for _ in range(draw(st.integers(1, 4))):
        _bend(draw, tree)
    return tree


def try_tree(tree: dict[str, Any]) -> str:
    """A tree that is taken is the same after a trip through JSON, as kept results need it."""

    def take() -> None:
        config = check(tree)
        text = json.dumps(config.resolved(), allow_nan=False)
        again = check(json.loads(text))
        if again.fingerprint() != config.fingerprint():
            raise Broken("has another fingerprint after a trip through JSON")

    return tried(take)


KEYS = [row.key for row in Config.describe()]
CHOSEN = ("scenario", "policy", "network", "firm", "executor", "experiment", "population", "cell")


@st.composite
def words(draw: st.DrawFn) -> list[str]:
    """Words of a command line: keys and groups, some misspelt, with any value."""

    def word() -> str:
        key = draw(
            st.one_of(
                st.sampled_from(KEYS),
                st.sampled_from(CHOSEN),
                st.sampled_from(sorted(CATALOGUE)).map(lambda name: f"measure.{name}.dose"),
                st.sampled_from(
                    [
                        "",
                        "+",
                        "++",
                        "~",
                        "~policy.measures.member_contact",
                        "hydra.run",
                        "firm._target_",
                        "a.b",
                        "months.x",
                        "scenario.targets.0.low",
                        "policy@x",
                        "policy/x",
                        "experiment.factors",
                        "experiment.points",
                    ]
                ),
                st.text(max_size=8),
            )
        )
        if draw(st.integers(0, 5)) == 0 and key:
            cut = draw(st.integers(0, len(key) - 1))
            key = (
                key[:cut]
                + draw(st.sampled_from(["", "x", ".", "=", " ", "[0]", "字"]))
                + key[cut + 1 :]
            )
        value = draw(
            st.one_of(
                st.sampled_from(ODD_TEXT),
                st.sampled_from(
                    [*choices("policy"), *choices("scenario"), "[none,member_contact]"]
                ),
                st.integers(-5, 700).map(str),
                st.floats(0, 2).map(repr),
                ODD.map(str),
            )
        )
        return draw(
            st.sampled_from([f"{key}={value}"] * 8 + [key, f"{key}:{value}", f"{key}=={value}"])
        )

    return [word() for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3])))]


def try_words(given_words: list[str]) -> str:
    """The words of a run, and the same words of a sweep."""
    one = tried(lambda: load_overrides(list(given_words)))

    def as_sweep() -> None:
        if any("range(" in w and "9" * 5 in w for w in given_words):
            return
        lay_out([parse_sweep(w) for w in given_words])

    return "taken" if "taken" in (one, tried(as_sweep)) else "refused"


# --- files of a folder of one's own ---------------------------------------------------------------

FILES = [
    *((f"configs/{p.parent.name}/{p.name}", p) for p in sorted(folder("configs").glob("*/*.yaml"))),
    *((f"scenarios/{p.name}", p) for p in sorted(folder("scenarios").glob("*.yaml"))),
]
ODD_LINES = [
    "!!python/object/apply:os.system [id]", "a: !!python/name:os.system", "hydra: {run: {dir: x}}",
    "defaults: [/hydra/launcher: x]", "# @package hydra", "_target_: os.system", "<<: *a", "x: &a [*a]",
    "\tmonths: 1", "? [a, b]\n: c", "--- \nmonths: 2", "%TAG ! x", "months: 1\nmonths: 2", "- a", "a: b: c",
    "seed: ${oc.env:HOME}", "0: 1", "true: 1", "null: 1", "1.5: a", "2026-01-01: a", "? ''\n: 1", "\ufeff",
    "population: {household_file: /etc/passwd}", "network: {generator: file, file: ../../x.csv}",
    "experiment: {design: csv, file: /etc/passwd}", "policy: {measures: {../x: {}}}", "name: ../../../x",
    "defaults: 5", "defaults: [null, {a: [b, 1]}]", "defaults: [/../outside/evil@_global_]", "defaults: ['???']",
    " # @package hydra", "# @package a b", "# @package", "months: 0x_", "seed: !!int abc", "seed: !!bool foo",
    "seed: " + "9" * 5000, "seed: 0x" + "f" * 5000, "seed: !!timestamp 2020-13-45",
]  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Name and bytes of a file that comes along, bent as a tree, as text or as bytes."""
    name, path = draw(st.sampled_from(FILES))
    text = path.read_text(encoding="utf-8")
    if draw(st.booleans()):
        tree = yaml.safe_load(text) or {}
        for _ in range(draw(st.integers(1, 3))):
            _bend(draw, tree)
        with contextlib.suppress(yaml.YAMLError, RecursionError):
            text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
    lines = text.split("\n")
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["odd", "twice", "gone", "in", "out", "cut"]))
        if how == "odd":
            lines.insert(at, draw(st.sampled_from(ODD_LINES)))
        elif how == "twice":
            lines.insert(at, lines[at])
        elif how == "gone" and len(lines) > 1:
            del lines[at]
        elif how == "in":
            lines[at] = "  " + lines[at]
        elif how == "out":
            lines[at] = lines[at].lstrip()
        else:
            lines[at] = lines[at][: len(lines[at]) // 2]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return name, _bent_bytes(draw, data)


def _bent_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    how = draw(st.sampled_from(["same"] * 6 + ["cut", "bit", "utf-16", "gb18030", "junk", "bom"]))
    if how == "cut":
        return data[: draw(st.integers(0, len(data)))]
    if how == "bit" and data:
        at = draw(st.integers(0, len(data) - 1))
        return data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]
    if how in ("utf-16", "gb18030"):
        return data.decode("utf-8", "replace").encode(how, "replace")
    if how == "junk":
        at = draw(st.integers(0, len(data)))
        return data[:at] + draw(st.binary(max_size=20)) + data[at:]
    return b"\xef\xbb\xbf" + data if how == "bom" else data


def try_file(case: tuple[str, bytes]) -> str:
    """The file in a folder of one's own, chosen by its name."""
    name, data = case
    group, stem = Path(name).parent.name, Path(name).stem
    with tempfile.TemporaryDirectory() as own:
        place = "scenarios" if group == "scenarios" else group
        path = Path(own) / place / f"{stem}.yaml"
        path.parent.mkdir()
        path.write_bytes(data)
        word = f"{'scenario' if group == 'scenarios' else group}={stem}"
        if group == "experiment":
            return tried(lambda: lay_out([parse_sweep(word)], Path(own)))
        return tried(lambda: load_overrides([word], Path(own)))


# --- uploads ------------------------------------------------------------------------------------

CELLS = [
    *ODD_TEXT,
    "owner",
    "业主",
    "1",
    "3",
    "0.5",
    "stair",
    "conditional",
    "=HYPERLINK(1)",
    "1;2",
]


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, bytes]:
    """Kind of a CSV file, and its bytes."""
    kind = draw(st.sampled_from(["households", "months", "edges", "points"]))
    if kind == "households":
        header = ["building", "stair", "floor", "tenure", "life_stage", "party_member", "area_m2",
                  "fee_yuan", "contribution_type"]  # fmt: skip
        rows = [[f"B{k % 2}", "1", str(k), "owner", "young", "0", "90.5", "120", "conditional"]
                for k in range(HOUSEHOLDS)]  # fmt: skip
    elif kind == "months":
        header = ["month", "collection_rate", "satisfaction"]
        rows = [[str(k), "0.5", "0.6"] for k in range(6)]
    elif kind == "edges":
        header = ["source", "target", "strength", "layer"]
        rows = [[str(k), str(k + 1), "0.5", "stair"] for k in range(HOUSEHOLDS - 1)]
    else:
        header = ["fees.habit", "months"]
        rows = [["0.1", "3"], ["0.2", "4"]]
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 4]))):
        row = draw(st.sampled_from([header, *rows, *rows, *rows]))
        how = draw(st.sampled_from(["odd", "odd", "odd", "gone", "more", "text"]))
        at = draw(st.integers(0, max(len(row) - 1, 0)))
        if how == "more":
            row.insert(at, draw(st.sampled_from(CELLS)))
        elif row:
            if how == "gone":
                del row[at]
            else:
                row[at] = draw(st.sampled_from(CELLS) if how == "odd" else st.text(max_size=8))
    if draw(st.integers(0, 4)) == 0:
        rows.append(list(draw(st.sampled_from(rows))))
    end, mark = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])), draw(st.sampled_from(",,,;\t"))
    text = end.join(mark.join(row) for row in [header, *rows]) + end
    return kind, _bent_bytes(draw, text.encode("utf-8", "surrogatepass"))


def try_table(case: tuple[str, bytes]) -> str:
    """The file as the command reads it."""
    kind, data = case
    with tempfile.TemporaryDirectory() as own:
        path = Path(own) / "file.csv"
        path.write_bytes(data)
        bounds = {name: (i.low, i.high) for name, i in INDICATORS.items()}
        readers: dict[str, Callable[[], Any]] = {
            "households": lambda: read_households(str(path)),
            "months": lambda: read_months(str(path), bounds, (-240, 600)),
            "edges": lambda: read_edges(str(path), HOUSEHOLDS),
            "points": lambda: lay_out(
                [("experiment.design", "csv"), ("experiment.file", str(path))]
            ),
        }
        # What was read is said, and of thousands of files nobody would look.
        with contextlib.redirect_stderr(io.StringIO()):
            return tried(readers[kind])


GRAPHML = (
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    '<key id="d0" for="edge" attr.name="strength" attr.type="double"/>'
    '<key id="d1" for="edge" attr.name="layer" attr.type="string"/>'
    '<graph edgedefault="undirected"><node id="0"/><node id="1"/><node id="2"/>'
    '<edge source="0" target="1"><data key="d0">0.5</data><data key="d1">stair</data></edge>'
    '<edge source="1" target="2"/></graph></graphml>'
)
GEXF = (
    '<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2"><graph defaultedgetype="undirected">'
    '<attributes class="edge"><attribute id="0" title="layer" type="string"/></attributes>'
    '<nodes><node id="0" label="0"/><node id="1" label="1"/></nodes>'
    '<edges><edge id="0" source="0" target="1" weight="0.5"><attvalues>'
    '<attvalue for="0" value="stair"/></attvalues></edge></edges></graph></gexf>'
)
XML_PARTS = ['id="0"', 'source="0"', 'target="1"', "0.5", "stair", "double", "string", "d0", "strength",
             "undirected", "edge", "node", "graph", "data", "attvalue", "1.2", "for=", "</", ">", "<", '"',
             "http://graphml.graphdrawing.org/xmlns"]  # fmt: skip
XML_ODD = [*ODD_TEXT, "&lt;", "&#0;", "&#x41;", "&a;", "<!-- x -->", "<![CDATA[x]]>", "<?php x?>",
           '<!DOCTYPE a [<!ENTITY b "c">]>', '<node id="7"/>', '<edge source="0" target="0"/>',
           '<hyperedge/>', '<port name="x"/>', '<graph/>', "boolean", "long", "yfiles", "directed"]  # fmt: skip


@st.composite
def graphs(draw: st.DrawFn) -> tuple[str, bytes]:
    """Ending of a graph file, and its bytes."""
    ending = draw(st.sampled_from(["graphml", "gexf"]))
    text = GRAPHML if ending == "graphml" else GEXF
    for _ in range(draw(st.integers(0, 4))):
        part = draw(st.sampled_from(XML_PARTS))
        odd = draw(
            st.one_of(st.sampled_from(XML_ODD), st.sampled_from(XML_PARTS), st.text(max_size=6))
        )
        text = text.replace(part, odd, draw(st.sampled_from([1, 1, -1])))
    return ending, _bent_bytes(draw, text.encode("utf-8", "surrogatepass"))


def try_graph(case: tuple[str, bytes]) -> str:
    """The file as the command reads it."""
    ending, data = case
    with tempfile.TemporaryDirectory() as own:
        path = Path(own) / f"file.{ending}"
        path.write_bytes(data)
        return tried(lambda: read_edges(str(path), 3))


@st.composite
def kept(draw: st.DrawFn) -> tuple[str, str, bytes | None]:
    """A file of a kept study or sweep, and what it is replaced with."""
    what = draw(st.sampled_from(["study", "sweep"]))
    from_study = [p for p in sorted(_kept_folder(what).rglob("*")) if p.is_file()]
    path = draw(st.sampled_from(from_study))
    name = str(path.relative_to(_kept_folder(what)))
    data = path.read_bytes()
    if path.suffix == ".json" and draw(st.booleans()):
        tree = json.loads(data)
        for _ in range(draw(st.integers(1, 3))):
            _bend(draw, tree)
        with contextlib.suppress(ValueError):
            return what, name, json.dumps(tree).encode("utf-8", "surrogatepass")
    return (
        what,
        name,
        draw(st.sampled_from([None, data[: len(data) // 2], b"", _bent_bytes(draw, data)])),
    )


@st.composite
def draws_of_a_posterior(draw: st.DrawFn) -> bytes:
    """Bytes of a Parquet file of draws, its columns or bytes bent."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {"fees.service": [3.0, 4.0], "firm.full_cost": [0.7, 0.8]}
    for _ in range(draw(st.integers(0, 3))):
        name = draw(
            st.one_of(st.sampled_from(KEYS), st.sampled_from(ODD_TEXT[:40]), st.text(max_size=5))
        )
        cell = draw(ODD)
        columns[name] = draw(
            st.sampled_from([[cell, cell], [cell, 1.0], [1, 2], [True, False], [[1.0], [2.0]]])
        )
    if draw(st.integers(0, 9)) == 0:
        columns = {name: [] for name in columns}
    try:
        table = pa.table(columns)
    except (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError):
        table = pa.table({"fees.service": [1.0]})
    sink = io.BytesIO()
    with contextlib.suppress(pa.ArrowException):
        pq.write_table(table, sink)
    return _bent_bytes(draw, sink.getvalue()) if draw(st.booleans()) else sink.getvalue()


def try_draws(data: bytes) -> str:
    """The file as ``xiaoqu robustness posterior=FILE`` reads it."""
    from sim.science.worlds import read_posterior

    with tempfile.TemporaryDirectory() as own:
        path = Path(own) / "posterior.parquet"
        path.write_bytes(data)
        return tried(lambda: read_posterior(path))


_FOLDERS: dict[str, Path] = {}


@cache
def _design() -> Design:
    # Laid out once: composing takes five times as long as living it.
    small = [("months", 3), ("replications", 2), ("executor.workers", 1)]
    return lay_out([*small, parse_sweep("fees.habit=0.1,0.2")])


def _kept_folder(what: str) -> Path:
    if not _FOLDERS:
        import fake_model

        from sim.experiments.run import run
        from sim.experiments.sweep import run_design

        out = Path(tempfile.mkdtemp(prefix="fuzz-kept-"))
        study = run(fake_model.configuration(), out=out, model=fake_model.FakeModel)
        done = run_design(_design(), out, model=fake_model.FakeModel)
        assert study.folder and done.folder
        _FOLDERS.update(study=study.folder, sweep=done.folder)
    return _FOLDERS[what]


def try_kept(case: tuple[str, str, bytes | None]) -> str:
    """A damaged or hostile folder of results, read back, and asked the same question again."""
    import shutil

    import fake_model

    from sim.experiments.run import run
    from sim.experiments.store import read_study
    from sim.experiments.sweep import read_sweep, run_design

    what, name, data = case
    source = _kept_folder(what)
    with tempfile.TemporaryDirectory() as own:
        out = Path(own) / "out"
        shutil.copytree(source.parents[1], out)
        path = out / source.relative_to(source.parents[1])
        if data is None:
            (path / name).unlink()
        else:
            (path / name).write_bytes(data)
        with contextlib.redirect_stderr(io.StringIO()):
            if what == "study":
                found = tried(lambda: read_study(path))
                run(fake_model.configuration(), out=out, model=fake_model.FakeModel)
                return found
            found = tried(lambda: read_sweep(path))
            again = tried(lambda: run_design(_design(), out, model=fake_model.FakeModel))
            return "refused" if "refused" in (found, again) else "taken"


@st.composite
def sessions(draw: st.DrawFn) -> bytes:
    """A file of the policy desk, bent as a tree or as bytes."""
    from sim.desk.compound import named_policy
    from sim.desk.session import Own, Session, Trouble, write

    rows = "".join(f"B,1,{k}\n" for k in range(HOUSEHOLDS))
    own = Own(like="old_estate", values={"population.elderly_share": 0.4}, standing=0.4,
              troubles=[Trouble(event="equipment_failure", size=0.6, month=-20)],
              households="building,stair,floor\n" + rows, months="month,collection_rate\n0,0.45\n")  # fmt: skip
    policies = [named_policy("five_level_linkage", "A"), named_policy("firm_tender", "B")]
    tree = json.loads(write(Session(case=draw(st.sampled_from(["own", "kangqiao"])), own=own,
                                    policies=policies)))  # fmt: skip
    for _ in range(draw(st.integers(1, 3))):
        _bend(draw, tree)
    try:
        data = json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        data = b"{}"
    return _bent_bytes(draw, data)


def try_session(data: bytes) -> str:
    """The file as the desk opens it, its link, and what would be lived."""
    from sim.desk.compound import configurations, own_months
    from sim.desk.session import as_link, from_link, read

    def take() -> None:
        session = read(data)
        if from_link(as_link(session)) != session:
            raise Broken("is another session after a trip through a link")
        configurations(session)
        own_months(session.own)

    return tried(take)


# --- the command line ---------------------------------------------------------------------------

COMMANDS = {
    "run": [], "compare": ["policies=[none,member_contact]", "withdraw=2", "threshold=0.5", "reference=none"],
    "sweep": ["fees.habit=0.1,0.2", "experiment=contact_quota", "--plan", "--budget=0.001", "experiment.samples=2"],
    "why": [
        "household=3", "household=changed", "at=2", "before=0", "without=member_contact", "by=arrows", "--lang=zh",
        "issue=first", "since=1", "issue=longest", "issue=99999",
    ],
    "sensitivity": ["over=[fees]", "at=2", "indicator=satisfaction", "trajectories=2", "samples=2", "width=0.1"],
    "tipping": ["parts=loop", "parameter=fees.service", "low=1", "high=2", "steps=2", "hold=1", "grid=2"],
    "calibrate": ["parameters=[fees.service]", "targets=all", "particles=4", "simulations=4", "file=x.csv"],
    "predict": ["fit=kangqiao", "cases=[kangqiao]", "particles=4", "simulations=4"],
    "attribute": ["policies=[none,member_contact]", "indicator=satisfaction"],
    "optimise": ["target=collection_rate", "budget=3", "trials=2"], "robustness": ["worlds=2"],
    "explain": ["kangqiao", "fees", "member_contact.dose", "policy=none"], "list": ["scenarios", "policies"],
    "validate": ["--replications=0", "--seed=-1", "--workers=-1"],
}  # fmt: skip
OPTIONS = ["--config-dir=nowhere", "--config-dir", "--plugin=nowhere.py", "--lang=fr", "--out", "--quiet", "-q",
           "--force", "--cfg=job", "--cfg=hydra", "--nonsense", "-z", "--help", "--", "--append=nowhere",
           "--recover=-1", "--plan", "--out=\udcff", "months@x=3"]  # fmt: skip
SMALL = ["population.households=60", "population.buildings=1", "months=2", "replications=1", "executor.workers=1",
         "scenario.history_months=0"]  # fmt: skip

ENDLESS = {"validate": ["--replications=0", "--seed=-1", "surplus"],
           "predict": ["particles=-1", "cases=[nowhere]", "nonsense=1"]}  # fmt: skip
"""Commands that live for minutes to an hour whatever their size, and words that they refuse."""


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Words after ``xiaoqu``, of which at least one cannot be right in most cases."""
    command = draw(st.sampled_from([*COMMANDS, *COMMANDS, "", "rnu", "中文", "--version"]))
    own = COMMANDS.get(command, [])
    given_words = [command] if command else []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 3))
        if kind == 0 and own:
            word = draw(st.sampled_from(own))
            key, equals, _ = word.partition("=")
            given_words.append(
                word if draw(st.booleans()) else key + equals + draw(st.sampled_from(ODD_TEXT))
            )
        elif kind == 1:
            given_words.append(draw(st.sampled_from(OPTIONS)))
        else:
            given_words += draw(words())[:1]
    # Something that no command takes, so that nothing is lived for long.
    if command in ENDLESS:
        given_words.append(draw(st.sampled_from(ENDLESS[command])))
    elif command not in ("explain", "list", "", "rnu", "中文", "--version"):
        given_words += [
            *SMALL,
            draw(st.sampled_from(["mnths=3", "fees.habit=7", "seed=-1", "firm=nobody"])),
        ]
    return given_words


def try_command(given_words: list[str]) -> str:
    """The command in a folder of its own: exit code, one line, no traceback, no file."""
    from sim.cli import main

    out, err, code = io.StringIO(), io.StringIO(), 0
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as own:
        os.chdir(own)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main(list(given_words))
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            os.chdir(before)
        left = [str(p.relative_to(own)) for p in Path(own).rglob("*")]
    said = err.getvalue()
    if "Traceback" in said or "Traceback" in out.getvalue():
        raise Broken(f"shows a traceback: {said[-200:]!r}")
    if code not in (0, 2):
        raise Broken(f"ends with {code}: {said[:200]!r}")
    if code == 2:
        if left:
            raise Broken(f"left {left[:3]}")
        # The library that reads options tells this one without a line on usage.
        without_value = re.search(r"Option '--?[\w-]+' requires an argument\.", said)
        if not without_value and "Usage:" not in said and "Usage:" not in out.getvalue():
            last = said.rstrip("\n").split("\n")[-1]
            if not last.startswith("error: ") or len(last) > LONGEST_LINE:
                raise Broken(f"says {said[:200]!r}")
    return "taken" if code == 0 else "refused"


# --- all of it ----------------------------------------------------------------------------------

KINDS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], str], float]] = {
    "trees": (trees(), try_tree, 0.3),
    "words": (words(), try_words, 0.1),
    "files": (files(), try_file, 0.1),
    "tables": (tables(), try_table, 0.2),
    "graphs": (graphs(), try_graph, 0.1),
    "draws": (draws_of_a_posterior(), try_draws, 0.05),
    "kept results": (kept(), try_kept, 0.05),
    "sessions": (sessions(), try_session, 0.05),
    "command lines": (command_lines(), try_command, 0.05),
}
"""What is tried: cases, the trial, and the share of all cases."""

LENIENT = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


def search(kind: str, cases: int, seed: int) -> tuple[Counter[str], dict[str, tuple[Any, str]]]:
    """Try so many cases of a kind, and go on after one that broke.

    Returns:
        How many were taken, refused and broken; and for each place that broke, the first case.
    """
    strategy, trial, _ = KINDS[kind]
    ended: Counter[str] = Counter()
    broken: dict[str, tuple[Any, str]] = {}

    @seeded(seed)
    @settings(LENIENT, max_examples=cases)
    @given(strategy)
    def each(case: Any) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                ended[trial(case)] += 1
        except Exception as error:
            ended["broken"] += 1
            frames = [f for f in traceback.extract_tb(error.__traceback__) if "/sim/" in f.filename]
            at = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "here"
            what = f"{type(error).__name__} at {at}"
            if isinstance(error, Broken):
                what += ": " + str(error)[:24]
            if what not in broken or len(repr(case)) < len(repr(broken[what][0])):
                broken[what] = (case, " ".join(str(error).split())[:300])

    each()
    return ended, broken


def _shown(case: Any) -> str:
    text = repr(case)
    return text if len(text) < 600 else f"{text[:300]} ... {text[-300:]}"


def main() -> None:
    """Try all kinds, print a line for each and every place that broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=list(KINDS), action="append")
    asked = parser.parse_args()
    found = 0
    for kind in asked.kind or KINDS:
        cases = asked.cases if asked.kind else max(int(asked.cases * KINDS[kind][2]), 1)
        begun = time.monotonic()
        ended, broken = search(kind, cases, asked.seed)
        seconds = time.monotonic() - begun
        told = ", ".join(f"{ended[name]:,} {name}" for name in ("taken", "refused", "broken"))
        print(f"{kind}: {ended.total():,} cases, {told}, {seconds:.0f} s", flush=True)
        for what, (case, said) in broken.items():
            print(f"  {what}: {said}\n    {_shown(case)}", flush=True)
        found += len(broken)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
