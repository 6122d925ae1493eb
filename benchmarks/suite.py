"""All benchmarks by one command; see benchmarks/README.md.

python benchmarks/suite.py [core] [sweep] [whole] [start] [nation] [--sizes 1000,10000] [--out raw.json]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from report import ONE_THREAD, introduce, keep, machine

os.environ.update(ONE_THREAD)  # Before numpy and the rest are imported by the parts below.

from core_table import PEERS, SIZES, core
from nation_table import nation, print_nation
from start_table import print_start, start
from sweep_table import print_sweep, sweep
from whole_table import print_whole, whole

PARTS = ("core", "sweep", "whole", "start", "nation")


def _sizes(text: str) -> list[int]:
    sizes = [int(word.replace("_", "")) for word in text.split(",")]
    if min(sizes) < 100:
        raise argparse.ArgumentTypeError("allowed: whole numbers from 100, parted by commas")
    return sizes


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(PEERS):
        raise argparse.ArgumentTypeError(f"{unknown.pop()!r}; allowed: {', '.join(PEERS)}")
    return names


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)} (default: all)")
    add("--sizes", type=_sizes, default=list(SIZES), help="households, as in 1000,10000")
    add("--peers", type=_names, default=list(PEERS), help=f"core: of {', '.join(PEERS)}")
    add("--repeats", type=int, default=5, help="interleaved rounds (default 5)")
    add("--budget", type=float, default=20.0, help="core: seconds per peer and size (default 20)")
    add(
        "--check-seeds", type=int, default=48, help="core: runs per engine in the check, 0 for none"
    )
    add("--check-households", type=int, default=1000, help="core: size in the check")
    add("--peer-repeats", type=int, default=2, help="sweep: rounds of the slow peers")
    add("--whole-peers", action="store_true", help="sweep: run peers 2,000 times too, not reckoned")
    add("--kangqiao", type=int, default=1000, help="whole: runs of Kangqiao (default 1000)")
    add("--street-runs", type=int, default=80, help="nation: streets lived on the cluster")
    add("--out", type=Path, help="JSON file for the raw figures")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no part is named {unknown.pop()!r}; allowed: {', '.join(PARTS)}")
    return chosen


def main() -> int:
    """Run the parts asked for; 1 if a peer's core month is not the engine's."""
    options = _options()
    # Stopped from outside, it still ends the workers and removes the folders it began.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    about = machine()
    introduce(about)
    keep(options.out, "machine", about)
    agreed = True
    for part in options.parts or PARTS:
        print(f"\n## {part}", flush=True)
        if part == "core":
            raw, agreed = core(options.sizes, options.peers, options)
        elif part == "sweep":
            print_sweep(raw := sweep(options))
        elif part == "whole":
            print_whole(raw := whole(options.sizes, options))
        elif part == "start":
            print_start(raw := start(options))
        else:
            print_nation(raw := nation(options))
        keep(options.out, part, raw)
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
