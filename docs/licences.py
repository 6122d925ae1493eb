"""Writes ``docs/licences.md``: the libraries of ``.ci/pins.txt`` that are installed here, and their licences.

python docs/licences.py
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"

HEAD = """# Licences

xiaoqu is under the Apache License 2.0 (`LICENSE`). It carries no code or font of others; what it needs is installed
beside it, under the licences that the packages state themselves. Made by `python docs/licences.py` from the set of
`.ci/pins.txt` (with the extras `desk`, `export`, `mcp` and `science`), as far as it is installed.

Fonts and pages that come inside of these packages: Noto Sans SC (SIL Open Font License 1.1, in
`pylopdf-fonts-zh-cn`; parts of it are put into reports and figures, which that licence allows); DejaVu Sans
(Bitstream Vera licence, in `matplotlib`); Vue, Quasar and their fonts (MIT, Apache 2.0) and ECharts (Apache 2.0) in
`nicegui`.

| package | version | licence |
|---|---|---|
"""


def licence(package: metadata.PackageMetadata) -> str:
    """What a package says of its licence, in a few words."""
    if said := package.get("License-Expression"):
        return str(said)
    listed = [
        c.rpartition(":: ")[2]
        for c in package.get_all("Classifier") or []
        if c.startswith("License ::")
    ]
    if listed := [one for one in listed if one != "OSI Approved"]:
        return "; ".join(listed)
    first = (package.get("License") or "").strip().partition("\n")[0]
    return first[:60] or "not stated"


def rows() -> list[str]:
    """A line for each package."""
    names = re.findall(r"^([\w.-]+)==", (ROOT / ".ci" / "pins.txt").read_text(), re.MULTILINE)
    found = []
    for name in dict.fromkeys(names):
        try:
            package = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(f"| {name} | {package['Version']} | {licence(package)} |")
    return found


if __name__ == "__main__":
    PAGE.write_text(HEAD + "\n".join(rows()) + "\n", encoding="utf-8")
