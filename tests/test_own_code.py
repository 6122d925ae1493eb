"""Two pieces of code of a user's own count as the same only if they are, and reach workers as they are."""

from __future__ import annotations

import importlib
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from test_provenance import modules, written_module

from sim.compose import load
from sim.errors import InputError
from sim.experiments.own_code import own_code
from sim.experiments.run import run

__all__ = ["modules"]

HEAD = """
import functools, pathlib
import fake_model

class Fake(fake_model.FakeModel):
    def run(self):
        super().run()
        self.recorder.values[:] = self.value()
"""


def hashes(thing: Any) -> dict[str, str]:
    """Hashes of code that must be certain."""
    found = own_code([thing])
    assert not found.uncertain, found.uncertain
    return found.hashes


def value(model: Any, workers: int = 1) -> float:
    """The number that a model gives, lived here or in worker processes."""
    config = load(months=2, replications=4, executor={"workers": workers})
    found = run(config, model=model).months["collection_rate"].unique()
    assert len(found) == 1
    return float(found[0])


CHANGES = {
    "a constant": ("RATE = 0.1\nclass M(Fake):\n    def value(self): return RATE",
                   lambda m: setattr(m, "RATE", 0.7)),
    "an attribute of the class": ("class M(Fake):\n    K = 0.1\n    def value(self): return self.K",
                                  lambda m: setattr(m.M, "K", 0.7)),
    "an attribute of a class inside": (
        "class M(Fake):\n    class P:\n        rate = 0.1\n    def value(self): return self.P.rate",
        lambda m: setattr(m.M.P, "rate", 0.7)),
    "a value in a table": ("T = {'rate': 0.1, 'of': len}\nclass M(Fake):\n"
                           "    def value(self): return T['rate']",
                           lambda m: m.T.update(rate=0.7)),
    "an object": ("class S:\n    rate = 0.1\nSET = S()\nclass M(Fake):\n"
                  "    def value(self): return SET.rate",
                  lambda m: setattr(m.SET, "rate", 0.7)),
    "a series": ("import pandas as pd\nS = pd.Series([0.1])\nclass M(Fake):\n"
                 "    def value(self): return float(S[0])",
                 lambda m: m.S.__setitem__(0, 0.7)),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_value_changed_in_a_session_counts_and_reaches_workers(
    change: str, modules: Path
) -> None:
    text, do = CHANGES[change]
    module = written_module(modules, "changing", HEAD + text)
    before = hashes(module.M)
    assert value(module.M) == value(module.M, workers=2) == 0.1
    do(module)
    assert hashes(module.M) != before
    assert value(module.M) == value(module.M, workers=2) == 0.7


@pytest.mark.parametrize(
    "first, second",
    [
        ("def rule(x=0.1): return x", "def rule(x=0.2): return x"),
        ("def rule(): return 0.1", "def rule(): return 0.2"),
        ("@functools.lru_cache\ndef rule(): return 0.1", "@functools.lru_cache\ndef rule(): return 0.2"),
        ("rule = (lambda k: lambda: k)(0.1)", "rule = (lambda k: lambda: k)(0.2)"),
    ],
)  # fmt: skip
def test_functions_count_with_defaults_and_what_they_hold(
    first: str, second: str, modules: Path
) -> None:
    rest = "\nclass M(Fake):\n    def value(self): return rule()\n"
    found = [
        hashes(written_module(modules, "ruling", HEAD + text + rest).M) for text in (first, second)
    ]
    assert {k: v for k, v in found[0].items() if "ruling.rule" in k} != {
        k: v for k, v in found[1].items() if "ruling.rule" in k
    }


def test_classes_and_lambdas_made_in_one_place_are_told_apart(modules: Path) -> None:
    text = HEAD + (
        "def make(rate):\n    class M(Fake):\n        RATE = rate\n"
        "        def value(self): return self.RATE\n    return M\n"
        "ONE, TWO = (lambda config, seed: make(0.1)(config, seed=seed)), "
        "(lambda config, seed: make(0.2)(config, seed=seed))\n"
    )
    module = written_module(modules, "making", text)
    assert hashes(module.make(0.1)) != hashes(module.make(0.2))
    assert hashes(module.make(0.1)) == hashes(module.make(0.1))
    assert hashes(module.ONE) != hashes(module.TWO)


def test_an_exchanged_function_counts_and_is_not_sent(modules: Path) -> None:
    text = HEAD + "def rule(): return 0.1\nclass M(Fake):\n    def value(self): return rule()\n"
    module = written_module(modules, "exchanged", text)
    before = hashes(module.M)
    module.rule = lambda: 0.8
    assert hashes(module.M) != before and value(module.M) == 0.8
    with pytest.raises(InputError, match=r"exchanged.rule .* is not of the file it stands in"):
        value(module.M, workers=2)
    module.M.value = lambda self: 0.9
    with pytest.raises(InputError, match="is not of the file it stands in"):
        value(module.M, workers=2)


def test_the_class_of_before_a_reload_is_refused(modules: Path) -> None:
    text = HEAD + "class M(Fake):\n    def value(self): return {}\n"
    old = written_module(modules, "again", text.format(0.1)).M
    new = written_module(modules, "again", text.format(0.9)).M
    with pytest.raises(InputError, match=r"again.M: has been replaced since it was imported"):
        value(old)
    assert value(new) == value(new, workers=2) == 0.9


def test_data_beside_a_module_count_and_are_found_by_workers(modules: Path) -> None:
    text = HEAD + (
        "HERE = pathlib.Path(__file__).parent\nclass M(Fake):\n    def value(self):\n"
        "        return float((HERE / 'data' / 'x.csv').read_text())\n"
        "def note():\n    open('log.txt', 'w')\n"
    )
    (modules / "data").mkdir()
    (modules / "data" / "x.csv").write_text("0.1")
    module = written_module(modules, "reading", text)
    before = hashes(module.M)
    (modules / "log.txt").write_text("what it writes is no input")
    assert hashes(module.M) == before
    assert value(module.M) == value(module.M, workers=2) == 0.1
    (modules / "data" / "x.csv").write_text("0.7")
    assert hashes(module.M) != before
    assert value(module.M) == value(module.M, workers=2) == 0.7


@pytest.mark.parametrize(
    "way",
    ["import importlib\nH = importlib.import_module('late_helper')", "import late_package.inner as H"],
)  # fmt: skip
def test_helpers_count_however_they_are_imported(way: str, modules: Path) -> None:
    (modules / "late_package").mkdir()
    for path in (modules / "late_helper.py", modules / "late_package" / "inner.py"):
        path.write_text("RATE = 0.1\n", encoding="utf-8")
    (modules / "late_package" / "__init__.py").write_text("")
    module = written_module(
        modules, "helped", f"{HEAD}\n{way}\nclass M(Fake):\n    def value(self): return H.RATE\n"
    )
    assert value(module.M, workers=2) == 0.1
    before = hashes(module.M)
    for path in (modules / "late_helper.py", modules / "late_package" / "inner.py"):
        path.write_text("RATE = 0.3\n", encoding="utf-8")
    assert hashes(module.M) != before


def test_an_ordinary_module_is_certain(modules: Path) -> None:
    """Catches a false doubt: loggers, locks, dataclasses, enums, properties, abstract classes."""
    text = HEAD + (
        "import abc, dataclasses, enum, logging, re, threading\n"
        "LOG, LOCK, FORM = logging.getLogger('x'), threading.Lock(), re.compile('a')\n"
        "class Kind(enum.Enum):\n    A = 1\n"
        "@dataclasses.dataclass\nclass Setting:\n    rate: float = 0.1\n    kind: Kind = Kind.A\n"
        "class Base(abc.ABC, Fake):\n    @abc.abstractmethod\n    def value(self): ...\n"
        "class M(Base):\n    setting = Setting()\n"
        "    @property\n    def rate(self): return self.setting.rate\n"
        "    @staticmethod\n    def more(): return LOG and LOCK and FORM\n"
        "    @classmethod\n    def kind(cls): return Kind.A\n"
        "    def value(self): return self.rate if self.more() else 0.0\n"
    )
    module = written_module(modules, "ordinary", text)
    first = hashes(module.M)
    assert hashes(module.M) == first
    assert value(module.M) == value(module.M, workers=2) == 0.1
    del sys.modules["ordinary"]
    assert hashes(importlib.import_module("ordinary").M) == first


def test_an_empty_cell_is_no_obstacle(modules: Path) -> None:
    text = HEAD + (
        "def make():\n    class M(Fake):\n        def value(self): return late\n"
        "    if False:\n        late = 1\n    return M\n"
    )
    assert own_code([written_module(modules, "celled", text).make()]).hashes


HELPED = "\nfrom helping import BONUS, gain\nimport helping\nclass M(Fake):\n    def value(self): return {}\n"


def helping(folder: Path, bonus: float, gain: float) -> Any:
    """A helper with a constant and a function that only others use."""
    text = f"BONUS = {bonus}\ndef gain(x=0.0): return x + {gain}\n"
    return written_module(folder, "helping", text)


@pytest.mark.parametrize("use", ["BONUS", "helping.BONUS"])
def test_a_constant_of_a_helper_counts_and_reaches_workers(use: str, modules: Path) -> None:
    helper = helping(modules, 0.1, 0.0)
    module = written_module(modules, "user", HEAD + HELPED.format(use))
    before = hashes(module.M)
    assert value(module.M) == value(module.M, workers=2) == 0.1
    (module if use == "BONUS" else helper).BONUS = 0.3
    assert hashes(module.M) != before
    assert value(module.M) == value(module.M, workers=2) == 0.3


def test_a_helper_edited_in_a_session_is_refused_or_told_apart(modules: Path) -> None:
    """The old function's answer was kept under the new file's hash, and given to fresh processes."""
    helping(modules, 0.1, 0.1)
    module = written_module(modules, "user", HEAD + HELPED.format("gain()"))
    assert value(module.M) == 0.1
    (modules / "helping.py").write_text("BONUS = 0.1\ndef gain(x=0.0): return x + 0.9\n")
    with pytest.raises(InputError, match=r"helping.py: has changed since it was imported"):
        value(module.M)
    helping(modules, 0.1, 0.9)
    with pytest.raises(InputError, match=r"user.gain: is not what helping holds now"):
        value(module.M)
    module = importlib.reload(module)
    assert value(module.M) == value(module.M, workers=2) == 0.9
    # A constant edited, not loaded again: what is lived is not what a fresh process would live.
    (modules / "helping.py").write_text("BONUS = 0.5\ndef gain(x=0.0): return x + 0.9\n")
    stale = hashes(module.M)
    helping(modules, 0.5, 0.9)
    assert hashes(importlib.reload(module).M) != stale


def test_parameters_of_ones_own_are_the_same_before_and_after_their_first_use(
    modules: Path,
) -> None:
    """Catches a group that counts otherwise, or cannot be looked through, until it has been completed."""
    text = """
    from sim.schema import Parameters, param

    class Group(Parameters):
        dose: float = param(1.0, "Dose", low=0, high=2)

    class Holder:
        Parameters = Group
    """
    module = written_module(modules, "late", textwrap.dedent(text))
    first = own_code([module.Holder]).hashes
    assert module.Group().dose == 1.0
    assert own_code([module.Holder]).hashes == first
