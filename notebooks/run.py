"""Execute the notebooks: ``python notebooks/run.py`` (small), ``--full`` for the numbers of a paper.

Each is run in a fresh kernel; the executed notebook and its page go to ``results/notebooks/``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def notebooks(wanted: list[str]) -> list[Path]:
    """Sources whose names begin with one of the words; all without words."""
    sources = sorted(HERE.glob("[0-9][0-9]_*.py"))
    found = [s for s in sources if not wanted or any(s.name.startswith(w) for w in wanted)]
    if not found:
        sys.exit(
            f"no notebook begins with {wanted}; there are {', '.join(s.stem for s in sources)}"
        )
    return found


def execute(source: Path, place: Path) -> None:
    """Run one from clean and write ``.ipynb`` and ``.html``.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    import jupytext
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    notebook = jupytext.read(source)
    client = NotebookClient(notebook, timeout=None, kernel_name="python3",
                            resources={"metadata": {"path": str(HERE)}})  # fmt: skip
    client.execute()
    nbformat.write(notebook, place / f"{source.stem}.ipynb")
    page, _ = HTMLExporter().from_notebook_node(notebook)
    (place / f"{source.stem}.html").write_text(page, encoding="utf-8")


def main() -> None:
    """Read the words and run what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="such as 03 04; all without")
    parser.add_argument(
        "--full", action="store_true", help="sizes of a paper: three quarters of an hour in all"
    )
    parser.add_argument("--out", type=Path, default=HERE.parent / "results")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    given = parser.parse_args()
    place = given.out.resolve() / "notebooks"
    place.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "XIAOQU_SIZE": "full" if given.full else "small",
        "XIAOQU_OUT": str(given.out.resolve()),
        "XIAOQU_LANGUAGE": given.lang,
    }
    for source in notebooks(given.names):
        started = time.perf_counter()
        execute(source, place)
        print(f"{source.stem}: {time.perf_counter() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
