"""The world: tables that rules and Python share, a month that is a list, a run in one compiled call."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import cache
from sim.compose import load
from sim.errors import InputError
from sim.measures import CATALOGUE
from sim.model import NeighborhoodModel
from sim.month import MONTH
from sim.world import runner
from sim.world.numbers import exact_sum, pairwise_sum
from sim.world.process import How, Month, process, python

SMALL = {"households": 240, "buildings": 4}


def model(scenario: str, seed: int = 5, month: Month = MONTH, **keys: Any) -> NeighborhoodModel:
    keys.setdefault("population", SMALL)
    kind = type("Own", (NeighborhoodModel,), {"processes": month})
    chosen = NeighborhoodModel if month is MONTH else kind
    return chosen(load(scenario, **keys), seed=seed)


def test_what_is_compiled_is_left_only_for_python() -> None:
    """Catches Python between months: a run of compiled measures is left for nothing."""
    m = model("ordinary_estate", policy=["member_contact", "disclosure"], months=24)
    m.run()
    assert m._runner.left == 0 and m.month == 24


def test_a_month_is_printed_switched_and_extended() -> None:
    """Catches a list of processes that a user can read and not change."""
    seen: list[int] = []
    mine = python(lambda world: seen.append(world.month), "diary")
    month = MONTH.after("pay", mine).without("use_commons", "households_move")
    assert "diary" in str(month) and "use_commons" not in str(month)
    m = model("ordinary_estate", month=month, policy="none", months=6)
    misuse, first = m.households.misuse.copy(), m.month
    m.run()
    assert seen == list(range(first + 1, 7)) and m._runner.left == len(seen)
    assert np.array_equal(m.households.misuse, misuse)


def test_actors_are_mesa_agents_that_read_and_write_their_row() -> None:
    """Catches a face that keeps a number of its own."""
    m = model("ordinary_estate", policy="none", months=2)
    firm = m.firms[0]
    firm.cash_fen = 12345
    assert m.firms["cash_fen"].tolist() == [12345]
    assert firm.compound.firm is firm and firm.model is m and firm in m.agents
    firm.hand_over(0.9, 0.6, 0.05, True)
    assert (firm.diligence, firm.owner_led) == (0.9, True)
    with pytest.raises(KeyError, match="no 'blaem'"):
        m.compounds[0].signals["blaem"] = 1.0
    with pytest.raises(IndexError, match="there are 1 firms"):
        m.firms[1]


def test_sums_are_pythons_and_numpys_to_the_bit() -> None:
    """Catches a sum in another order: months later it is another trajectory."""
    draws = np.random.default_rng(1)
    for n in (0, 1, 7, 8, 9, 127, 128, 129, 300, 1059):
        values = draws.normal(size=n) * 10.0 ** draws.integers(-12, 12, n)
        assert exact_sum(values) == fsum(values.tolist())
        assert pairwise_sum(values) == values.sum()


def test_a_misspelt_name_is_refused_before_anything_runs() -> None:
    """Catches a rule that writes into nothing, or into something else."""

    @process(How.BLOCK)
    def mine(compound, first, last):  # type: ignore[no-untyped-def]
        """Misspell a named value."""
        compound.signals.blaem = 1.0

    with pytest.raises(InputError, match=r"line \d+: signals have no 'blaem'; did you mean blame"):
        mine.address()


def test_an_error_in_a_rule_reaches_python_from_within_the_run() -> None:
    """Catches a call by address that swallows what went wrong."""
    m = model("ordinary_estate", policy="member_contact", months=3)
    m.world.task_room = 0
    with pytest.raises(IndexError, match="more than there is room for"):
        m.run()


@pytest.mark.parametrize("cost", [-2.0, float("nan"), float("inf")])
def test_a_cost_below_nothing_is_refused_and_its_measure_named(cost: float) -> None:
    """Catches hours given back in a compiled measure, or in one that is Python, with totals that look right."""
    m = model("ordinary_estate", policy="member_contact", months=3)
    own = CATALOGUE["member_contact"].Parameters().record
    names = own.dtype.names or ()
    parameters = m.own_parameters.view(own.dtype)
    assert names and len(parameters) == 1
    parameters["hours_each"] = cost
    with pytest.raises(InputError, match=r"measure member_contact: takes .* of cell in month 1;"):
        m.run()
    m = model("ordinary_estate", policy="mutual_help", months=3)
    measure: Any = m.measures[-1]
    measure.act = lambda compound, _: compound.spend(measure.label, "public", yuan=cost)
    m.live_until(0)
    m._runner = runner.Runner(
        m.world,
        MONTH.after("streets.offer", python(lambda w: measure.act(w.compounds[0], 1.0))),
        m.measures,
    )
    with pytest.raises(InputError, match=r"measure mutual_help: takes .* of public in month 1;"):
        m.run()


def test_a_measure_with_its_own_idea_of_strength_acts_from_its_start_on() -> None:
    """Catches a Python measure that acts before its start, or not after its end although it says so."""
    acted: list[int] = []

    class Own(CATALOGUE["mutual_help"]):  # type: ignore[misc]
        def strength(self, month: int) -> float:
            return 1.0 if month != 3 else 0.0

        def act(self, compound: Any, strength: float) -> None:
            acted.append(compound.month)

    taken = CATALOGUE["mutual_help"]
    try:
        CATALOGUE["mutual_help"] = Own
        policy = {"measures": {"mutual_help": {"start": 2, "end": 4}}}
        model("ordinary_estate", policy=policy, months=6).run()
    finally:
        CATALOGUE["mutual_help"] = taken
    assert acted == [2, 4, 5, 6]


def test_python_in_place_of_a_part_of_a_rule_is_refused() -> None:
    """Catches a method of somebody's subclass that compiled code passes over without a word."""
    with pytest.raises(TypeError, match=r"_publish stands in place of a rule"):

        class Loud(CATALOGUE["disclosure"]):  # type: ignore[misc]
            def _publish(self, compound: Any, full: float) -> None:
                """Never called."""

    class Own(CATALOGUE["disclosure"]):  # type: ignore[misc]
        def act(self, compound: Any, strength: float) -> None:
            """Called, since nothing else calls it."""

    assert Own.act_rule() is None


def test_a_run_that_is_told_to_stop_ends_within_months() -> None:
    """Catches a compiled run of minutes that Ctrl-C cannot end."""
    m = model("ordinary_estate", policy="none", months=600)
    runner.stop.set()
    try:
        with pytest.raises(runner.Stopped):
            m.run()
    finally:
        runner.stop.clear()
    assert m.month < 600
    again = model("ordinary_estate", policy="none", months=600)
    again.run()
    assert again.month == 600


def test_all_that_is_compiled_in_decides_where_it_is_kept() -> None:
    """Catches a kept rule that reads a column where it no longer lies: the run would crash."""
    home = Path(cache.__file__).parent
    compiled_in = re.compile(
        r"^ *@(kernel|inlined|rule|derived|process)\b|= (column|link|param)\(", re.M
    )
    kept = set(cache.rules())
    for file in home.rglob("*.py"):
        inside = compiled_in.search(file.read_text(encoding="utf-8"))
        # Settings of studies, of cases and of the whole configuration are read by no rule.
        if (
            inside
            and file.name not in ("config.py", "design.py", "library.py")
            and "science" not in file.parts
        ):
            assert file in kept, file


def test_no_rule_takes_more_than_eight_parameters() -> None:
    """Catches walls of arguments, where two columns swapped are caught by tests alone."""
    home = Path(cache.__file__).parent
    rule = re.compile(
        r"^ *@(?:kernel|inlined|rule|derived|process.*)\n *def (\w+)\((.*?)\)", re.M | re.S
    )
    long = {
        f"{file.name}: {name}": len([a for a in given.split(",") if a.strip()])
        for file in home.rglob("*.py")
        for name, given in rule.findall(file.read_text(encoding="utf-8"))
    }
    assert len(long) > 70
    assert not {name for name, n in long.items() if n > 8}


def _python(code: str, *words: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
    )  # fmt: skip
    return done.stdout.splitlines()


INTERPRETED = """
import numpy as np
from sim.compose import load
from sim.model import NeighborhoodModel
config = load("ordinary_estate", "scenario.history_months=0", policy=["member_contact", "disclosure"], months=5,
              population={"households": 60, "buildings": 2})
m = NeighborhoodModel(config)
m.run()
print(m.recorder.notes.tobytes().hex())
print(type(m._runner.month.processes[1].run).__name__)
"""


def test_rules_run_as_plain_python_give_the_same_numbers() -> None:
    """Catches a rule that only runs compiled, so that nobody can step through it."""
    interpreted, kind = _python(INTERPRETED, XIAOQU_INTERPRETED="1")
    compiled, other = _python(INTERPRETED, XIAOQU_INTERPRETED="0")
    assert (kind, other) == ("function", "CPUDispatcher")
    # NaN has no sign that counts.
    a, b = (np.frombuffer(bytes.fromhex(x)) for x in (interpreted, compiled))
    assert np.array_equal(a, b, equal_nan=True)
