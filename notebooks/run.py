"""Execute the notebooks: ``python notebooks/run.py`` (small), ``--full`` for the numbers of a paper.

Each is run in a fresh kernel and an empty folder, as if copied there; the executed notebook and its page go
to ``results/notebooks/``. With ``--write`` the ``.ipynb`` beside each source is made anew, to be read on
GitHub, in VS Code and JupyterLab.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

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


def read(source: Path) -> Any:
    """A notebook as its text says, with nothing in it that differs from one reading to the next."""
    import jupytext

    notebook = jupytext.read(source)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell["id"], cell["metadata"] = f"cell-{number}", {}
    return notebook


def execute(source: Path) -> Any:
    """Run one in a fresh kernel and an empty folder.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as place:
        client = NotebookClient(
            read(source), timeout=None, kernel_name="python3", record_timing=False,
            resources={"metadata": {"path": place}},
        )  # fmt: skip
        return client.execute()


def keep(notebook: Any, stem: Path) -> None:
    """Write ``.ipynb`` and ``.html``."""
    import nbformat
    from nbconvert import HTMLExporter

    nbformat.write(notebook, stem.with_suffix(".ipynb"))
    page, _ = HTMLExporter().from_notebook_node(notebook)
    stem.with_suffix(".html").write_text(page, encoding="utf-8")


def write(notebook: Any, stem: Path) -> None:
    """Write the ``.ipynb`` that lies beside the source, without what is of this machine."""
    import nbformat

    for cell in notebook.cells:
        if cell.cell_type == "code":
            # What was read, and from which place, is told on standard error.
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, stem.with_suffix(".ipynb"))


def main() -> None:
    """Read the words and run what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="such as 03 04; all without")
    parser.add_argument(
        "--full", action="store_true", help="sizes of a paper: three quarters of an hour in all"
    )
    parser.add_argument("--write", action="store_true", help="the .ipynb beside each source, anew")
    parser.add_argument("--out", type=Path, default=HERE.parent / "results")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    given = parser.parse_args()
    os.environ |= {"XIAOQU_SIZE": "full" if given.full else "small", "XIAOQU_LANGUAGE": given.lang}
    place = HERE if given.write else given.out.resolve() / "notebooks"
    if given.write:
        # Answers then lie in the folder that it is run in, so that no name of a place is shown.
        os.environ["XIAOQU_OUT"] = "results"
    else:
        place.mkdir(parents=True, exist_ok=True)
        os.environ["XIAOQU_OUT"] = str(given.out.resolve())
    for source in notebooks(given.names):
        started = time.perf_counter()
        (write if given.write else keep)(execute(source), place / source.stem)
        print(f"{source.stem}: {time.perf_counter() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
