"""Make every marked part of README and documents anew, and say which differ from what stands there.

A part that is made by the program stands between marks:

- ``<!-- table: NAME -->`` ... ``<!-- end table -->``: a table of ``docs/tables.py``, made from the code
  at once, or one of ``remade.LIVED``, made from runs;
- a figure of ``remade.FIGURES``, kept as ``docs/figures/NAME-LANGUAGE.svg`` with its numbers in ``NAME.csv``.

Figures are compared by their numbers: another version of matplotlib may draw them otherwise.

    python docs/reproduce.py --quick
    python docs/reproduce.py validate --write
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype
from remade import FIGURES, LIVED, ROWS_OF_RUNS
from tables import TABLES

from sim.as_text import clean
from sim.errors import InputError
from sim.explain import unknown_name

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"(<!-- table: (\S+) -->\n)(.*?)(<!-- end table -->)", re.DOTALL)
CLOSE = 1e-9
"""Relative difference of two numbers of a figure that counts as none: text keeps 10 digits."""

_OF_RUNS = re.compile(r"model|without|verdict|模型|无措施|结论")


@dataclass(frozen=True)
class Part:
    """One part that was made anew.

    Attributes:
        name: Of the table or figure.
        place: File it stands in, relative to the root.
        differs: What is otherwise, in a line; "" if nothing is.
        seconds: How long it took to make.
    """

    name: str
    place: str
    differs: str
    seconds: float


def reproduce(
    names: Sequence[str] = (), *, quick: bool = False, write: bool = False, root: Path = ROOT
) -> Iterator[Part]:
    """Make marked parts anew from scratch.

    Args:
        names: Which; all if empty.
        quick: Few runs. Numbers that come from runs are then not compared, but that each table has
            the same rows and each figure the same columns and months.
        write: Put what was made in the place of what stands there; not together with ``quick``.
        root: The checkout.

    Yields:
        Each part once it is made.

    Raises:
        InputError: A name that nothing has, or a mark that nothing fills.
    """
    if quick and write:
        raise InputError("--write", "a quick run is too small to be kept", "one of the two")
    pages = [*sorted(root.glob("README*.md")), *sorted((root / "docs").rglob("*.md"))]
    marked = {p: MARK.findall(p.read_text(encoding="utf-8")) for p in pages}
    known = [m[1] for found in marked.values() for m in found] + list(FIGURES)
    for name in names:
        if name not in known:
            raise unknown_name("NAME", f"no part is named {name!r}", name, sorted(set(known)))
    made: dict[str, tuple[str, float]] = {}
    for page, found in marked.items():
        for _, name, old, _ in found:
            if names and name not in names:
                continue
            if name not in TABLES and name not in LIVED:
                raise InputError(str(page), f"nothing makes the table {name!r}", "a known table")
            if name not in made:
                started = time.perf_counter()
                new = LIVED[name](quick) if name in LIVED else TABLES[name]()
                made[name] = new, time.perf_counter() - started
            new, seconds = made[name]
            lines = 2 if quick and name in ROWS_OF_RUNS else None
            differs = _table_differs(old, new, quick and name in LIVED, lines)
            if differs and write:
                _put(page, name, new)
            yield Part(name, page.relative_to(root).as_posix(), differs, seconds)
    for name in FIGURES:
        if not names or name in names:
            yield _figure(name, root / "docs" / "figures" / name, quick, write)


def _figure(name: str, stem: Path, quick: bool, write: bool) -> Part:
    started = time.perf_counter()
    new = FIGURES[name](quick, stem if write else None)
    kept = stem.with_suffix(".csv")
    differs = _numbers_differ(kept, new, quick)
    if write:
        new.to_csv(kept, index=False, float_format="%.10g", lineterminator="\n")
    return Part(name, f"docs/figures/{kept.name}", differs, time.perf_counter() - started)


def _table_differs(old: str, new: str, shape_only: bool, lines: int | None = None) -> str:
    before, after = (
        text.splitlines()[:lines] if lines or not shape_only else _fixed(text)
        for text in (old, new)
    )
    if before == after:
        return ""
    changed = [(a, b) for a, b in zip(before, after, strict=False) if a != b]
    if not changed:
        return f"{len(before)} lines stand there, {len(after)} were made"
    place = before.index(changed[0][0]) + 1
    return f"{len(changed)} lines, the first is line {place}: {changed[0][1]}"


def _fixed(text: str) -> list[str]:
    """Lines of Markdown tables without the columns that come from runs."""
    lines: list[str] = []
    keep: list[int] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            keep = []
        elif not keep:
            keep = [k for k, cell in enumerate(cells) if not _OF_RUNS.search(cell)]
        lines.append(" | ".join(cells[k] for k in keep if k < len(cells)) if keep else line)
    return lines


def _numbers_differ(kept: Path, new: pd.DataFrame, shape_only: bool) -> str:
    if not kept.is_file():
        return "is not there"
    old = pd.read_csv(kept)
    # Through text as well, so that both have the same digits.
    new = pd.read_csv(StringIO(new.to_csv(index=False, float_format="%.10g")))
    where = [name for name in new if name == "month" or not is_numeric_dtype(new[name])]
    if list(old.columns) != list(new.columns) or not old[where].equals(new[where]):
        return "other columns or rows"
    # As numbers, truths too: neither can be taken from the other otherwise.
    old, new = (frame.drop(columns=where).astype(float) for frame in (old, new))
    apart = (old - new).abs() > CLOSE * old.abs().clip(lower=1.0)
    apart |= old.isna() != new.isna()
    if shape_only or not apart.to_numpy().any():
        return ""
    return f"{int(apart.to_numpy().sum())} numbers, such as {apart.any().idxmax()}"


def _put(page: Path, name: str, new: str) -> None:
    text = page.read_text(encoding="utf-8")
    text = MARK.sub(lambda m: m[1] + new + m[4] if m[2] == name else m[0], text)
    page.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Tell of each part as it is made; 1 if one differs and is not rewritten, 2 for wrong words."""
    parser = argparse.ArgumentParser(prog="python docs/reproduce.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME", help="tables and figures; default all")
    parser.add_argument("--quick", action="store_true", help="few runs: rows and columns only")
    parser.add_argument("--write", action="store_true", help="put what was made into the pages")
    asked = parser.parse_args(arguments)
    differing = 0
    try:
        for part in reproduce(asked.names, quick=asked.quick, write=asked.write):
            told = part.differs and ("rewritten, " if asked.write else "differs, ") + part.differs
            line = f"{part.name} ({part.place}, {part.seconds:.1f} s): {told or 'the same'}"
            print(clean(line, lines=True), flush=True)
            differing += bool(part.differs)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 1 if differing and not asked.write else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
