"""Put the table of ``xiaoqu validate`` into the README: ``python docs/readme_tables.py`` (minutes)."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def main(replications: int = 10) -> None:
    """Run the validation and rewrite the text between the markers.

    Args:
        replications: Seeds per case.
    """
    from sim.experiments.validate import as_markdown, validate

    table = as_markdown(validate(replications, progress=True))
    text = README.read_text(encoding="utf-8")
    block = f"<!-- validate -->\n{table}<!-- end validate -->"
    text = re.sub(r"<!-- validate -->.*?<!-- end validate -->", lambda _: block, text, flags=re.S)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
