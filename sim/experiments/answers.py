"""What every answer can do: say in a line what it is, print its table, draw its figures, give its frames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from html import escape
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from sim.errors import InputError, known_language

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console

    from sim.config import Config

TWINS = "twins"
"""Frame of the second runs of parameter sets, see ``sim.experiments.doubt``."""


class Text(str):
    """Text that a notebook shows as it stands."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self)}</pre>"


class Answer:
    """An answer of several tidy frames.

    Attributes:
        TABLES: Names of the frames, as they are kept.
        MAIN: The one that is shown first.
        SHOWN: Module and function that print it, of answer, console and, if ``BILINGUAL``, language.
        BILINGUAL: Whether what is printed is in the language asked for.
        WIDTH: Letters in a line where the output has no width of its own; None for the usual.
        FIGURES: Module whose ``figures(answer, language)`` gives what makes each figure, by its name.
    """

    TABLES: ClassVar[tuple[str, ...]]
    MAIN: ClassVar[str]
    SHOWN: ClassVar[str]
    BILINGUAL: ClassVar[bool] = True
    WIDTH: ClassVar[int | None] = None
    FIGURES: ClassVar[str] = ""

    folder: Path | None

    @property
    def about(self) -> dict[str, Any]:
        """What was asked, in a few words."""
        made = self.provenance
        return {k: made[k] for k in ("scenario", "scenarios", "policy", "policies") if k in made}

    @property
    def configs(self) -> Sequence[Config]:
        """Configurations of which it is said what was drawn; none of a question that varies parameters itself."""
        return ()

    @property
    def varied(self) -> Collection[str]:
        """Keys that differ within an answer, which no run draws."""
        return ()

    @property
    def table_names(self) -> list[str]:
        """Names of its frames; second runs of parameter sets are one where there are any."""
        second = [TWINS] if len(getattr(self, TWINS, ())) else []
        return list(dict.fromkeys([*self.TABLES, self.MAIN, *second]))

    @property
    def provenance(self) -> dict[str, Any]:
        """In a few words what made this, for the metadata of a figure."""
        found: dict[str, Any] = self.question.asked.provenance  # type: ignore[attr-defined]
        return found

    def __repr__(self) -> str:
        place = "not kept" if self.folder is None else f"kept in {self.folder}"
        about = ", ".join(f"{key} {_listed(value)}" for key, value in self.about.items())
        return f"<{type(self).__name__} of {about}; {', '.join(self.TABLES)}; {place}>"

    def _repr_html_(self) -> str:
        head = self.to_pandas().head(10).to_html(border=0, float_format=lambda x: f"{x:.4g}")
        return f"<p>{escape(repr(self))}</p>{head}"

    def to_pandas(self, name: str = "") -> pd.DataFrame:
        """One of the frames.

        Args:
            name: Which; the main one if left out.

        Raises:
            InputError: There is none of that name.
        """
        if name and name not in self.table_names:
            raise InputError("name", f"{name!r} is no table", ", ".join(self.table_names))
        found: pd.DataFrame = getattr(self, name or self.MAIN)
        return found

    def show(self, console: Console, language: str = "en") -> None:
        """Print the table on a console."""
        module, _, name = self.SHOWN.partition(":")
        told = (language,) if self.BILINGUAL else ()
        getattr(import_module(module), name)(self, console, *told)
        said = (config.doubt_said(language, self.varied) for config in self.configs)
        for line in dict.fromkeys(said):
            console.print(line, style="dim", highlight=False, markup=False)

    def table(self, language: str = "en") -> Text:
        """What the command prints.

        Args:
            language: "en" or "zh".
        """
        from sim.terminal import Terminal

        stream = StringIO()
        self.show(Terminal(file=stream, width=self.WIDTH or 120), known_language(language))
        return Text(stream.getvalue())

    def figure(self, name: str = "", language: str = "en") -> Figure:
        """One of the figures that the command draws.

        Args:
            name: Which; the first if left out.
            language: "en" or "zh".

        Raises:
            InputError: There is none of that name, or none at all.
        """
        made = self._figures(known_language(language))
        if (name and name not in made) or not made:
            raise InputError("name", f"{name!r} is no figure", ", ".join(made) or "none here")
        return made[name or next(iter(made))]()

    def keep_figures(
        self, language: str = "en", more: Sequence[str] = (), dpi: int = 300
    ) -> list[Path]:
        """Draw the figures into the answer's folder, unless they are there already.

        Args:
            language: "en" or "zh".
            more: Formats beside the usual, some of "eps", "tiff".
            dpi: Dots in an inch of these.

        Returns:
            The files, PNG, PDF and SVG of each, then the others; none of an answer that was not kept.
        """
        if self.folder is None or not self.FIGURES:
            return []
        from sim.figures import style

        made = self._figures(language)
        return style.keep(self.folder, made, language, self.provenance, more, dpi)

    def export(self, formats: Sequence[str], folder: Path | None = None) -> list[Path]:
        """Write every table for other programs.

        Args:
            formats: Some of "csv", "xlsx", "dta" (Stata), "sav" (SPSS).
            folder: Where to; ``export`` in the answer's own folder if left out.

        Returns:
            The files.

        Raises:
            InputError: An unknown format, no folder, or a table that a format cannot hold.
        """
        from sim.report.exported import export_tables

        place = folder or (self.folder and self.folder / "export")
        if place is None:
            raise InputError("folder", "the answer is not kept", "folder=PLACE")
        return export_tables(
            {name: partial(self.to_pandas, name) for name in self.table_names}, place, formats
        )

    def as_command(self) -> str:
        """The command line that asks the same again, see ``sim.experiments.copied``."""
        from sim.experiments.copied import as_command

        return as_command(self)

    def as_python(self) -> str:
        """Lines of Python that ask the same again, see ``sim.experiments.copied``."""
        from sim.experiments.copied import as_python

        return as_python(self)

    def _figures(self, language: str) -> Mapping[str, Callable[[], Figure]]:
        if not self.FIGURES:
            return {}
        found: Mapping[str, Callable[[], Figure]]
        found = import_module(self.FIGURES).figures(self, language)
        return found


def _listed(value: Any) -> str:
    return "+".join(value) if isinstance(value, list) else str(value)
