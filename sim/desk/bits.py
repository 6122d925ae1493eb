"""Small pieces that every step of the page uses: headings, tables, one-line errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement
from nicegui.events import UploadEventArguments

from sim.as_text import is_share
from sim.desk.refusals import refusal
from sim.desk.words import UNITS, WORDS, bracketed, joined
from sim.errors import InputError
from sim.schema import Described


def text(tag: str, words: str, classes: str = "") -> ui.html:
    """Words in an element of their own kind, such as a heading; nothing in them becomes markup."""
    return ui.html(escape(words), sanitize=False, tag=tag).classes(classes)


def as_table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """A table as HTML; every cell is escaped."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide" tabindex="0"><table class="numbers">{told}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def fold(title: str, name: str = "") -> ui.html:
    """What opens when its title is chosen, and stays open when its inside is made new.

    Args:
        title: To be chosen.
        name: Mark for tests.

    Returns:
        The inside.
    """
    with ui.element("details").style("width:100%") as box:
        box.props["data-name"] = name
        text("summary", title)
        return ui.html("", sanitize=False)


def as_list(items: Sequence[str], classes: str = "") -> str:
    """Sentences as a list."""
    return (
        f'<ul class="answer {classes}">'
        + "".join(f"<li>{escape(item)}</li>" for item in items)
        + "</ul>"
    )


@contextmanager
def card(title: str = "", classes: str = "") -> Iterator[ui.element]:
    """A white box with a heading."""
    with ui.element("section").classes(f"card {classes}") as box:
        if title:
            box.props["aria-label"] = title
            text("h2", title)
        yield box


class FileField(ui.upload):
    """Takes one file and hands on what is in it.

    Args:
        label: What is asked for.
        taken: Called with the file's bytes and its name.
        refused: Said where the browser does not send it: too large, or of another kind.
        largest: Bytes.
        kind: Endings of its name, with their dots, parted by commas.
    """

    def __init__(
        self,
        label: str,
        taken: Callable[[bytes, str], None],
        refused: str,
        *,
        largest: int,
        kind: str,
    ) -> None:
        super().__init__(
            label=label, auto_upload=True, max_files=1, max_file_size=largest, on_upload=self._take,
            on_rejected=lambda: ui.notify(refused, type="warning"),
        )  # fmt: skip
        self.props(f"accept={kind}")
        self._taken: Callable[[bytes, str], None] | None = taken

    async def _take(self, event: UploadEventArguments) -> None:
        data = await event.file.read()
        if self._taken is not None:
            self._taken(data, event.file.name)
        if not self.is_deleted:
            # A field with a file in it shows a tick, even where the file was refused, and takes no other.
            self.reset()

    def _handle_delete(self) -> None:
        # FastAPI remembers the last 4,096 functions it has served, and through them this field. It
        # must not hold the page as well.
        self._taken = None
        super()._handle_delete()


@contextmanager
def one_line(language: str, field: ValidationElement | None = None) -> Iterator[None]:
    """Show what a user did wrong in one line, beside its field if there is one, and leave everything as it was."""
    try:
        yield
        if field is not None:
            field.error = None
    except InputError as error:
        if field is not None:
            field.error = refusal(error, language)
            return
        said = joined(WORDS[language]["error"], refusal(error, language), language)
        ui.notify(said, type="warning", timeout=8000, multi_line=True)


def row_label(row: Described, language: str) -> str:
    """A parameter's name as people read it."""
    return row.zh if language == "zh" and row.zh else row.en


def with_unit(label: str, row: Described, language: str) -> str:
    """A parameter's name with its unit behind it, where it has one that percent does not say."""
    unit = UNITS[language].get(row.unit, row.unit)
    return bracketed(label, unit, language) if unit and not is_share(row) else label


def step_of(row: Described) -> float:
    """How finely a parameter's slider moves: whole numbers, or a hundredth of its range."""
    assert row.low is not None and row.high is not None
    if isinstance(row.default, int):
        return 1
    span = row.high - row.low
    return next((s for s in (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0) if span / s <= 200), 50.0)
