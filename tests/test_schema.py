"""Parameters: what is refused, what a kernel gets, and what the tables show."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_origin

import numpy as np
import pytest
from numba import njit
from pydantic import ValidationError

from sim.compose import load
from sim.config import Config, change, check
from sim.errors import InputError
from sim.measures.catalogue import CATALOGUE
from sim.schema import ASSUMED, Described, Parameters, param
from sim.society.population import populate
from sim.streams import Streams


class Inner(Parameters):
    left: float = param(1.0, "Left", low=0, high=2, zh="左")
    right: float = param(2.0, "Right", low=0, high=2, zh="右")


class Sample(Parameters):
    rate: float = param(0.5, "A rate", unit="1/month", low=0, high=1, source="a source", zh="率")
    count: int = param(3, "A count", low=1, high=9, zh="数")
    on: bool = param(True, "A switch", zh="开关")
    form: Literal["one", "two"] = param("one", "A choice", zh="形式")
    pair: Inner = param(Inner(), "A pair", zh="对")
    levels: list[float] = param([1.0, 2.0, 3.0], "Some levels", zh="级")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate", -0.1), ("rate", 1.1), ("rate", float("nan")), ("rate", float("inf")),
        ("rate", "0.5"), ("rate", True), ("count", 0), ("count", 10), ("count", 2.5), ("count", "3"),
        ("on", 1), ("form", "three"), ("unknown", 1), ("levels", [1.0, float("nan")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(key: str, value: Any) -> None:
    """Catches a value out of range, of another type, not finite, or under an unknown key."""
    with pytest.raises(ValidationError):
        Sample(**{key: value})


def test_bounds_themselves_are_allowed() -> None:
    """Catches bounds that turned strict."""
    assert Sample(rate=0, count=9).rate == 0 and Sample(rate=1, count=1).rate == 1


def test_nothing_changes_after_checking() -> None:
    """Catches parameters that can be set past the check."""
    with pytest.raises(ValidationError):
        Sample().rate = 2.0  # type: ignore[misc]


@njit
def read(record):  # type: ignore[no-untyped-def]
    p = record[0]
    return p.rate + p.count + p.on + p.pair[1] + p.levels[2]


def test_a_kernel_reads_the_numbers_by_name() -> None:
    """Catches an order or dtype in the record that gives a kernel another number."""
    record = Sample(rate=0.25, pair=Inner(right=1.5)).record
    assert record.dtype.names == ("rate", "count", "on", "pair", "levels"), "text left out"
    assert record.shape == (1,)
    assert read(record) == 0.25 + 3 + 1 + 1.5 + 3.0


def test_a_copy_with_other_numbers_has_a_record_of_its_own() -> None:
    """Catches a cached record that survives the change of a value."""
    first = Sample()
    assert first.record["rate"][0] == 0.5
    assert Sample(rate=0.75).record["rate"][0] == 0.75
    assert first.model_copy(update={"rate": 0.75}).record["rate"][0] == 0.75
    assert first.record["rate"][0] == 0.5


def test_describe_tells_what_was_declared() -> None:
    """Catches tables and sliders that show another range, unit or default than is checked."""
    rows = {row.key: row for row in Sample.describe("sample.")}
    assert list(rows)[:2] == ["sample.rate", "sample.count"]
    assert rows["sample.rate"] == Described(
        "sample.rate", 0.5, "1/month", 0, 1, "a source", "A rate", "率"
    )
    assert rows["sample.count"].source == ASSUMED
    assert rows["sample.pair.right"].default == 2.0


def _chosen(group: Any, key: str) -> bool:
    """Whether a parameter is one of few named values, which then are its range."""
    for part in key.split("."):
        if part not in getattr(group, "model_fields", {}):
            return False
        group = group.model_fields[part].annotation
    return get_origin(group) is Literal


def test_every_parameter_of_the_product_has_range_names_and_a_checked_default() -> None:
    """Catches a number without bounds, a missing Chinese name, a default outside its own range."""
    groups = [("", Config), *((f"{n}.", m.Parameters) for n, m in CATALOGUE.items())]
    for prefix, group in groups:
        for row in group.describe(prefix):
            if row.key.startswith(("scenario.", "policy.")):
                continue
            assert row.en and row.zh, row.key
            if row.low is None and _chosen(group, row.key.removeprefix(prefix)):
                continue
            if isinstance(row.default, (int, float)) and not isinstance(row.default, bool):
                assert row.low is not None and row.high is not None, row.key
                assert row.low <= row.default <= row.high, row.key


@pytest.mark.parametrize(
    ("tree", "where"),
    [
        ({"fees": {"norm_speed": 1.5}}, "fees.norm_speed"),
        ({"fees": {"norm_sped": 0.5}}, "fees.norm_sped"),
        ({"issues": {"first_level": {"cleaning": 5}}}, "issues.first_level"),
        ({"committee": {"state": "wroking"}}, "committee.state"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_bad_value_is_named_in_one_line(tree: dict[str, Any], where: str) -> None:
    """Catches a wrong value that is taken in silence or a message that does not name its key."""
    with pytest.raises(InputError) as caught:
        check(tree)
    assert where in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_input_error_crosses_a_process_border_unchanged() -> None:
    """Catches an error that loses its parts, or cannot be pickled, in a worker."""
    error = InputError("fees.base", "9 is too large", "at most 6")
    again = pickle.loads(pickle.dumps(error))
    assert (again.where, again.problem, again.allowed) == (
        "fees.base",
        "9 is too large",
        "at most 6",
    )
    assert str(again) == str(error) == "fees.base: 9 is too large; allowed: at most 6"


def test_a_record_is_float64_throughout() -> None:
    """Catches whole numbers that a kernel would divide as integers."""
    record = Sample().record
    assert all(record[name].dtype == np.float64 for name in record.dtype.names)


# --- numbers in rules ---

SIM = Path(__file__).parents[1] / "sim"
RULES = [
    *(
        path for folder in ("agents", "processes", "measures") for path in sorted((SIM / folder).glob("*.py"))
        # Series of the exponential; places in a row of notes.
        if path.name not in ("chance.py", "notes.py")
    ),
    SIM / "outcomes.py",
]  # fmt: skip
PLAIN = (0, 1, 2, 1e-9)
"""None, all, twice or half, and what keeps a division from 0."""


def unnamed(tree: ast.AST) -> Iterator[str]:
    """Numbers that functions reckon with: every decimal, and what is added, compared or bounded."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.Lambda):
            continue
        for node in ast.walk(function):
            inside: list[ast.expr] = [node] if isinstance(node, ast.Constant) else []
            if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Pow):
                inside = [node.left, node.right]
            elif isinstance(node, ast.Compare):
                inside = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("min", "max"):
                inside = node.args
            for part in inside:
                number = getattr(part, "value", None)
                decimal = type(number) is float
                if (decimal or (type(number) is int and part is not node)) and number not in PLAIN:
                    yield f"line {part.lineno}: {number}"


NAMES = [path.relative_to(SIM).as_posix() for path in RULES]


@pytest.mark.parametrize("name", NAMES)
def test_no_rule_reckons_with_a_number_without_a_name(name: str) -> None:
    """Catches a number in a rule that no configuration, table or sensitivity analysis can reach."""
    found = list(unnamed(ast.parse((SIM / name).read_text(encoding="utf-8"))))
    assert not found


def test_an_unnamed_number_is_found() -> None:
    """Catches a search for such numbers that finds none, or takes plain ones for them."""
    text = "def rule(x, p):\n    return max(0.3 + p.a * x, 3) + x[3] / 200 > 4, np.empty(5), 1.0, x / 2"
    text += "\nshare('a', lambda m: 100 * m['b'])"
    found = {found.rpartition(" ")[2] for found in unnamed(ast.parse(text))}
    assert found == {"0.3", "200", "3", "4", "100"}


# --- minus nothing ---


def _from_nothing(rows: Any) -> list[str]:
    """Keys of numbers that may be 0."""
    return [row.key for row in rows if isinstance(row.default, float) and row.low == 0.0]


def test_minus_nothing_is_nothing_under_every_key() -> None:
    """Catches -0.0, which passes a lower bound of 0 and is a negative number to numpy."""
    tree = load(None, policy="none").resolved()
    keys = _from_nothing(Config.describe())
    assert len(keys) > 100 and "population.threshold_sd" in keys
    for key in keys:
        config = change(tree, {key: -0.0})
        value: Any = config
        for part in key.split("."):
            value = getattr(value, part)
        assert str(value) == "0.0", key
        assert config.fingerprint() == change(tree, {key: 0.0}).fingerprint(), key


def test_minus_nothing_is_nothing_in_lists_kinds_and_measures() -> None:
    """Catches the places that are no plain key."""
    assert str(Sample(levels=[-0.0, 1.0]).levels) == "[0.0, 1.0]"
    kinds = {"a": {"population": {"threshold_sd": -0.0}}}
    config = load(None, policy="none", district={"kinds": kinds})
    assert "-0.0" not in str(config.resolved())
    group = config.kinds()["a"]["population"]
    assert str(group.threshold_sd) == "0.0"  # type: ignore[attr-defined]
    for name, measure in CATALOGUE.items():
        for key in _from_nothing(measure.Parameters.describe()):
            if "." not in key:
                assert str(getattr(measure.Parameters(**{key: -0.0}), key)) == "0.0", (name, key)


def test_households_without_spread_can_be_drawn() -> None:
    """Catches the run that failed: a standard deviation of -0.0."""
    spreads = ("threshold_sd", "taste_sd", "area_sd")
    none, minus = (
        populate([load(None, population=dict.fromkeys(spreads, nothing)).population], Streams(1))[0]
        for nothing in (0.0, -0.0)
    )
    assert none.threshold.tobytes() == minus.threshold.tobytes()
    assert set(minus.threshold) == {0.25}
