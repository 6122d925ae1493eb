"""Cases whose bundle, history and targets were frozen before they were run, and the one run that counts.

What is frozen is what the files of a case say: its scenario, its policy, and the policies that this one
builds on. Comments and the order of keys do not count, nor does anything else of the program. Hashes,
dates, the rule of a hit and every later change stand in ``docs/evidence.md`` under "Frozen"; a test
holds the files against them.

    python docs/frozen.py             # hashes as the files are now
    python docs/frozen.py run         # lives each case once, and prints hits and misses
    python docs/frozen.py run write   # and puts them into docs/evidence.md, if none stand there
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from sim.compose import folder, load
from sim.errors import InputError
from sim.experiments.run import spread
from sim.experiments.summary import markdown, spread_of, spread_text, target_value
from sim.experiments.validate import both_futures
from sim.explain import unknown_name
from sim.outcomes import INDICATORS

if TYPE_CHECKING:
    from sim.config import Config

CASES = ("kangqiao", "xingqu", "shenhong", "baohe", "tongqiao", "w_compound")
"""Scenarios that are frozen; one without targets is told as a story and predicts nothing."""

REPLICATIONS, SEED = 20, 1
"""Runs of the rule: seeds 1 to 20."""

PAGE = Path(__file__).resolve().parent / "evidence.md"
RESULTS = re.compile(r"(<!-- frozen results -->\n)(.*?)(<!-- end frozen results -->)", re.DOTALL)
NOT_RUN = "not run yet"

HEAD = [
    "case", "target", "month", "hit band", "model [90%]", "without measures [90%]", "verdict", "use", "settings",
]  # fmt: skip


def files_of(case: str) -> list[Path]:
    """Files that say what a case is: its scenario, its policy, and those the policy builds on.

    Raises:
        InputError: No case of that name is frozen.
    """
    if case not in CASES:
        raise unknown_name("CASE", f"no frozen case is named {case!r}", case, list(CASES))
    scenario = folder("scenarios") / f"{case}.yaml"
    return [scenario, *_policy_files(_said(scenario)["scenario"]["policy"])]


def _policy_files(name: str) -> list[Path]:
    path = folder("configs") / "policy" / f"{name}.yaml"
    further = [each for each in _said(path).get("defaults", []) if each != "_self_"]
    return [path, *(file for each in further for file in _policy_files(each))]


def _said(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return said


def sha256_of(case: str) -> str:
    """Hash of what the files of a case say, comments and order of keys aside."""
    return sha256_of_files(files_of(case))


def sha256_of_files(paths: list[Path]) -> str:
    """The same of any files."""
    said = [_said(path) for path in paths]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# --- the one run --------------------------------------------------------------------------------


def run_once(
    replications: int = REPLICATIONS, seed: int = SEED, workers: int = 0, progress: bool = False
) -> pd.DataFrame:
    """Live every frozen case with its policy and without measures, from one history per seed.

    Returns:
        A row per target, see ``hold``.
    """
    rows = []
    for case in CASES:
        policy, targets = load(case).scenario.policy, load(case).scenario.targets
        if not targets:
            continue
        keys: dict[str, Any] = {"months": max(1, *(target.month for target in targets))}
        keys |= {
            "replications": replications,
            "seed": seed,
            "executor__workers": workers,
            "doubt": "off",
        }
        rows.append(hold(load(case, policy=policy, **keys), load(case, policy="none", **keys), progress))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def hold(config: Config, bare: Config, progress: bool = False) -> pd.DataFrame:
    """Hold one case against its targets.

    Args:
        config: The case with its policy; ``replications`` and ``seed`` say which runs.
        bare: The same without measures.
        progress: Show a bar on standard error.

    Returns:
        A row per target: what the model gives with the policy (median, q05, q95) and without measures
        (none_ the same), and the verdict: hit if the median lies in the band.
    """
    lived = spread(config, partial(both_futures, bare, config), progress)
    rows = []
    for target in config.scenario.targets:
        with_policy, without = (
            spread_of(np.array([target_value(target, months, pair[k]) for months, *pair in lived]))
            for k in (0, 1)
        )
        rows.append(
            {
                "case": config.scenario.name, "target": target.label, "month": target.month,
                "indicator": target.indicator, "relative": target.relative,
                "low": target.low, "high": target.high,
                "median": with_policy["median"], "q05": with_policy["low"], "q95": with_policy["high"],
                "none_median": without["median"], "none_q05": without["low"], "none_q95": without["high"],
                "verdict": _verdict(target.low, target.high, with_policy["median"]),
                "use": target.use, "settings": config.fingerprint(),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _verdict(low: float, high: float, median: float) -> str:
    if np.isnan(median):
        return "no value, a miss"
    return "hit" if low <= median <= high else "miss"


# --- words --------------------------------------------------------------------------------------


def as_markdown(result: pd.DataFrame) -> str:
    """The table of ``docs/evidence.md``, with a line that counts hits by use."""
    rows = []
    for row in result.to_dict("records"):
        text = partial(_text, str(row["indicator"]), bool(row["relative"]))
        rows.append(
            [
                row["case"], row["target"], f"{row['month']:+d}", f"{text(row['low'])} to {text(row['high'])}",
                spread_text(row, ("median", "q05", "q95"), text),
                spread_text(row, ("none_median", "none_q05", "none_q95"), text),
                row["verdict"], row["use"], f"`{row['settings']}`",
            ]
        )  # fmt: skip
    counts = [
        f"{use}: {(of['verdict'] == 'hit').sum()} of {len(of)} hit"
        for use, of in result.groupby("use", sort=True)
    ]
    return markdown(HEAD, rows) + "\n" + "; ".join(counts) + ".\n"


def _text(indicator: str, relative: bool, value: float) -> str:
    if relative:
        return f"{100 * value:+.0f}%"
    return f"{100 * value:.0f}%" if INDICATORS[indicator].share else f"{value:.3g}"


def put(page: str, table: str) -> str:
    """A page with results in their place.

    Raises:
        InputError: Results stand there already: a case is run once.
    """
    found = RESULTS.search(page)
    if not found or NOT_RUN not in found[2]:
        raise InputError("write", "results stand there already", f"a page that says {NOT_RUN!r}")
    return RESULTS.sub(lambda m: m[1] + table + m[3], page)


def main(words: list[str]) -> None:
    """Print hashes, or run and print or write the results."""
    if words not in ([], ["run"], ["run", "write"]):
        raise SystemExit(f"{' '.join(words)}: not understood; allowed: nothing, run, run write")
    if not words:
        for case in CASES:
            print(sha256_of(case), case)
        return
    page = PAGE.read_text(encoding="utf-8") if "write" in words else ""
    if page:
        put(page, "")
    table = as_markdown(run_once(progress=True))
    print(table)
    if page:
        PAGE.write_text(put(page, table), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
