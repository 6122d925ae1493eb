"""From a sheet to a table: its header is found, columns get their fields, what is no row of the table is left out.

Titles, blank and repeated rows, totals, remarks, columns without a use and columns that tell of persons
go, each with a note. Rows keep the number they have in the file (the first is 1), so that a fault
is named where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.intake import cells, names
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import HEAD, Sheet, sheets
from sim.society.reading import Note, Notes

LONGEST_LABEL = 40
TOTAL = re.compile(
    r"(合计|小计|总计|共计|总和|累计)\W*$|^(平均值?|均值|average|mean)\W*$|^(合计|小计|总计|共计|累计)[\W\d]|^((grand|sub-?)?totals?|sum)\W*$"
)
# One of these is in each of those words, also in letters of full width.
_OF_TOTALS = "[计和均tTｔＴsSｓＳaAｍm]"
_REMARK = re.compile(
    r"^\W*(?:注|备注|说明|制表|填表|填报|审核|复核|核对|打印|导出|统计|数据来源|来源|截[至止]|日期|单位|负责人|经办|以上|联系|盖章|签[字名]"
    r"|note|remark|source|prepared|printed|exported|as of)"
)
_SUMS = re.compile(r"汇总|总[表览计]|合计|备份|副本|summary|total|backup|copy", re.IGNORECASE)
"""Names of sheets that say once more what others say."""

_UNIT_ABOVE = re.compile(r"(?:单位\W*(?:人民币)?|[(（])([亿万千百]?元)")

_THOUSANDS = re.compile(r"[亿万千百]")
_OTHER_UNIT = re.compile(
    r"‰|千分|万分|^(?:\d+|[一二三四五六七八九十百满]+)?分(?:制|值)?$|角|小时|分钟|亩|公顷|尺|[百万]户|[万千百][件次]|^[亿万千百]$"
)
"""Units that would make other numbers of what stands in a column, and that nothing here reckons with."""

_MONEY = ("due", "paid", "owed", "fee_yuan", "price")

_MANY = 200_000
"""Rows above which only the columns of the table are looked at for totals."""


_OF_COLUMNS = ("columns", "personal", "unused", "rival", "unnamed", "empty_columns")


@dataclass(frozen=True)
class Look:
    """What is looked for in a file.

    Attributes:
        fields: Patterns of each field's names, see ``sim.intake.names``.
        exact: Further fields, known by their own name only.
        required: Fields without which it is no such table.
        first_of: Fields of which one is enough to tell that it is.
        wide: Whether a column without a field is to be kept under its own name.
        allowed: Fields that are named where one is missing; all if left out.
        strict: Whether a name of plain letters that is nearly a field's is refused.
        numbers: Fields that hold numbers: a unit that would make them others is refused.
        spare: Whether these stand each for itself, so that one in such a unit is left out, and said, where others
            are left.
    """

    fields: Mapping[str, Sequence[str]]
    exact: Sequence[str] = ()
    required: Sequence[str] = ()
    wide: Callable[[str], bool] = lambda name: False
    allowed: Sequence[str] = ()
    strict: bool = True
    numbers: Sequence[str] = ()
    spare: bool = False

    def named(
        self, written: Sequence[str], said: Said
    ) -> tuple[dict[str, int], list[tuple[int, str]]]:
        """Column of each field, and columns that fit a field less well than another one."""
        found, rivals = names.match(written, self.fields, self.exact)
        taken = {
            name: column for name, column in found.items() if written[column] not in said.leave_out
        }
        for name, column in said.columns.items():
            if name not in self.fields and name not in self.exact:
                continue
            wanted = [k for k, title in enumerate(written) if _same(title, column)]
            if wanted:
                taken = {other: k for other, k in taken.items() if k != wanted[0]}
                taken[name] = wanted[0]
        return taken, [(k, name) for k, name in rivals if k not in taken.values()]

    def knows(self, written: str) -> bool:
        """Whether a column of this name is one that is looked for."""
        return bool(names.match([written], self.fields, self.exact)[0]) or self.wide(written)

    def score(self, written: Sequence[str], said: Said) -> int:
        """How many columns are known."""
        found, _ = self.named(written, said)
        wide = sum(
            1 for k, title in enumerate(written) if k not in found.values() and self.wide(title)
        )
        return len(found) + wide


def _same(title: str, other: str) -> bool:
    return names.header(title).core == names.header(other).core or title == other


@dataclass
class Table:
    """Rows of a table by field.

    Attributes:
        path: File, for what is said of it.
        frame: Cells of text; the index is the row of the file, with its sheet before it if there are several.
        written: By field the column's name in the file.
        units: By field what stands in brackets behind that name.
        title: What stands above the header.
        header: Row of the header.
        sheet: Name of the sheet.
    """

    path: str
    frame: pd.DataFrame
    written: dict[str, str]
    units: dict[str, str]
    title: str = ""
    header: int = 1
    sheet: str = ""

    def yuan(self, name: str) -> float:
        """How many yuan one of a column's numbers is."""
        own = self.units.get(name, "") + self.written.get(name, name)
        unit = self.units.get(name, "")
        if "元" in own or _THOUSANDS.fullmatch(unit):
            scale = cells.yuan(own if "元" in own else f"{unit}元")
        else:
            scale = cells.yuan("".join(_UNIT_ABOVE.findall(self.title)))
        if scale != 1 and name in self.frame:
            # Else 13.5万 under 万元 would be ten thousand times as much.
            twice = self.frame[name].fillna("").str.contains("[亿万千百]")
            if twice.any():
                row = self.frame.index[twice][0]
                problem = f"{self.frame[name][twice].iloc[0]!r} has a unit, and the column one too"
                raise InputError(f"{self.path}: row {row}: {name}", problem, "a number alone")
        return scale

    def of_area(self, name: str) -> bool:
        """Whether a column's fee or price is one for each square metre."""
        unit = self.units.get(name, "") + self.written.get(name, name)
        return bool(re.search(r"㎡|m2|m²|平", unit)) or (
            name == "price" and not re.search("[户套]", unit)
        )

    def months(self, name: str) -> int:
        """For how many months a column's fee or price is; 1 where it says nothing."""
        unit = self.units.get(name, "")
        # 2025年 behind a name is when it is of, and 元/月 what it is.
        said = re.search(r"(?<!\d)(?:半年|年|季)", unit + self.written.get(name, name))
        return {"半年": 6, "年": 12, "季": 3}[said[0]] if said and "月" not in unit else 1


@dataclass
class Place:
    """Where a sheet's header stands: row and number of rows, names, how many are known, column of each field."""

    sheet: Sheet
    row: int
    depth: int
    names: list[str]
    score: int
    found: dict[str, int]


def score(path: str, look: Look, read: list[Sheet] | None = None, said: Said | None = None) -> int:
    """How many columns of a file's best sheet are known: which kind of table it is shows by that."""
    said = Said() if said is None else said
    return max(place(sheet, look, said).score for sheet in (sheets(path) if read is None else read))


def table(
    path: str, look: Look, notes: Notes, said: Said | None = None, read: list[Sheet] | None = None
) -> Table:
    """Read a table.

    Args:
        path: What the file is called.
        look: What is looked for.
        notes: What was left out is added.
        said: What somebody says of the file.
        read: Its sheets, if they are read already.

    Raises:
        InputError: Names file, row, column and what is allowed.
    """
    said = Said() if said is None else said
    read = sheets(path) if read is None else read
    places = [place(sheet, look, said) for sheet in _asked(path, read, said)]
    best = max(places, key=lambda one: (one.score, not one.sheet.hidden, not _of_sums(one)))
    alike = [place for place in places if _alike(place, best)] if best.score > 1 else [best]
    several = len(alike) > 1
    if len(read) > 1:
        if several:
            named = [place.sheet.name for place in alike]
            notes.append(Note("sheets", {"n": len(alike), "sheets": named}))
        others = [s.name for s in read if all(s is not place.sheet for place in alike)]
        if others:
            kind = "sheets_left" if several else "sheet"
            notes.append(Note(kind, {"sheet": alike[0].sheet.name, "others": others}))
    parts = []
    for k, one in enumerate(alike):
        told: Notes = []
        parts.append(_part(path, one, look, said, told, several))
        # Sheets that are alike have the same columns, which are told once.
        notes += [note for note in told if not k or note.kind not in _OF_COLUMNS]
    first = parts[0]
    if several:
        first.frame = pd.concat([part.frame for part in parts])
    for name in look.required:
        if name not in first.frame:
            _missing(path, first, name, look)
    return first


def _asked(path: str, read: list[Sheet], said: Said) -> list[Sheet]:
    if said.sheet is None:
        return read
    chosen = [sheet for sheet in read if sheet.name == said.sheet]
    if not chosen:
        known = ", ".join(sheet.name or "(text)" for sheet in read)
        raise InputError(path, f"no sheet is named {said.sheet!r}", known)
    return chosen


def _alike(place: Place, best: Place) -> bool:
    """Whether a sheet is a further part of the table: not a hidden copy, and not the sum of the others."""
    if place is best:
        return True
    same = place.names == best.names and place.score == best.score
    return same and place.sheet.hidden == best.sheet.hidden and not _of_sums(place)


def _of_sums(place: Place) -> bool:
    return bool(_SUMS.search(place.sheet.name))


def _missing(path: str, table: Table, name: str, look: Look) -> None:
    where = f"{path}: row {table.header}"
    allowed = ", ".join(look.allowed or (*look.required, *look.fields, *look.exact))
    raise InputError(where, f"column {name!r} is missing", allowed)


# --- the header -----------------------------------------------------------------------------------


def place(sheet: Sheet, look: Look, said: Said) -> Place:
    """Where the header stands: the row, or two of them, with the most names that are known."""
    head = sheet.head()
    filled = [k for k, row in enumerate(head) if any(row)]
    tried = filled if said.header is None else [min(said.header - 1, len(head) - 1)]
    best: Place | None = None
    most = (0, False)
    for k in tried:
        for depth in (1, 2):
            if depth == 2 and not (k + 1 < len(head) and _second(head[k], head[k + 1])):
                continue
            written = head[k] if depth == 1 else _two(head[k], head[k + 1], look)
            if not any(written):
                continue
            found, _ = look.named(written, said)
            score = look.score(written, said)
            # Of two readings alike the plainer one, unless months stand above what is due and paid.
            plain = depth == 1 or any(map(look.wide, head[k]))
            if best is None or (score, plain) > most:
                most = (score, plain)
                best = Place(sheet, k, depth, written, score, found)
    if best is None:
        return Place(sheet, 0, 1, head[0] if head else [], 0, {})
    return best


def _second(above: list[str], below: list[str]) -> bool:
    """Whether a row may be the lower one of a header of two rows: words under a name that is joined over them."""
    words = [cell for cell in below if cell]
    gaps = any(not a and b for a, b in zip(above, below, strict=True))
    numbers = any(re.search(r"\d", cell) and cells.month(cell) is None for cell in words)
    return bool(words) and gaps and not numbers


def _two(above: list[str], below: list[str], look: Look) -> list[str]:
    """Names of two rows put together, a joined cell standing over all that are below it.

    A group's name that makes a known name unknown (房屋信息 over 楼栋) is left out, but for its unit.
    """
    full, last = [], ""
    for a, b in zip(above, below, strict=True):
        last = a or (last if b else "")
        name = f"{last}{b}" if last != b else b
        if last and below.count(b) == 1 and look.knows(b) and not look.knows(name):
            unit = names.header(last).unit
            name = f"{b}({unit})" if unit and not names.header(b).unit else b
        full.append(name)
    return full


# --- one sheet ------------------------------------------------------------------------------------


def _part(path: str, place: Place, look: Look, said: Said, notes: Notes, several: bool) -> Table:
    sheet, written = place.sheet, place.names
    notes += sheet.notes
    body = sheet.cells.iloc[place.row + place.depth :].copy()
    body.index = body.index + 1
    label = (sheet.name or "?") if several else ""
    _refuse_longer(path, place, body)
    found, rivals = look.named(written, said)
    _refuse_names(path, place, look, said, found)
    above = [k + 1 for k in range(place.row) if any(sheet.head()[k])]
    if above:
        notes.append(Note("title", {"n": len(above), "rows": above}))
    title = " ".join(cell for row in sheet.head()[: place.row] for cell in row if cell)
    body = _without_blanks(body, notes, label)
    kept = _columns(place, look, said, body, found, rivals, notes)
    body = _rows(body, place, kept, look, notes, label)
    frame = pd.DataFrame({name: body[column] for name, column in kept.items()})
    if several:
        frame.index = pd.Index([f"{label}!{row}" for row in frame.index])
        frame["sheet"] = sheet.name
    headers = {name: written[column] for name, column in kept.items()}
    units = {name: names.header(title_).unit for name, title_ in headers.items()}
    for name, unit in units.items():
        if _makes_others(name, unit, look):
            where = f"{path}: row {place.row + place.depth}"
            problem = f"{headers[name]!r} is in a unit that is not reckoned with"
            allowed = "yuan, 万元, %, ㎡, days, for 1,000 households; or leave_out in a mapping"
            raise InputError(where, problem, allowed)
    return Table(path, frame, headers, units, title, place.row + place.depth, sheet.name)


def _makes_others(name: str, unit: str, look: Look) -> bool:
    """Whether a column's unit would make other numbers of what stands in it, and nothing here reckons with it."""
    if name in look.fields and name not in look.numbers:
        return False
    money = name in _MONEY or name.endswith("_yuan") or name not in look.fields
    return bool(_OTHER_UNIT.search(unit)) and not (money and _THOUSANDS.fullmatch(unit))


def _refuse_longer(path: str, place: Place, body: pd.DataFrame) -> None:
    """A cell beyond the header of a text is one that a comma within another has made."""
    width = _width(place)
    for column in range(width, body.shape[1]):
        filled = body.index[_filled(body[column])]
        if len(filled):
            raise InputError(
                f"{path}: row {filled[0]}", "more cells than the header", f"{width} cells"
            )


def _width(place: Place) -> int:
    """Cells that the header has."""
    return max(place.sheet.widths[place.row : place.row + place.depth], default=0)


def _refuse_names(path: str, place: Place, look: Look, said: Said, found: dict[str, int]) -> None:
    where = f"{path}: row {place.row + place.depth}"
    known = (*look.fields, *look.exact)
    lower = [name.strip().lower() for name in place.names]
    for name in lower:
        if lower.count(name) > 1 and (name in known or look.wide(name)):
            raise InputError(where, f"column {name!r} stands there twice", "once")
    for name, column in said.columns.items():
        if name not in known and name not in look.required:
            raise InputError(f"mapping: columns.{name}", "is no field", ", ".join(known))
        if name not in found or not _same(place.names[found[name]], column):
            allowed = ", ".join(
                title for title in place.names if title and not names.personal(title)
            )
            raise InputError(where, f"column {column!r} is not there", allowed)
    if not look.strict:
        return
    for k, name in enumerate(place.names):
        if k in found.values() or not name or name in said.leave_out or look.wide(name):
            continue
        # A misspelt optional column would otherwise be drawn at random.
        near = names.meant(name, [one for one in known if one not in found])
        if near:
            raise InputError(
                where, f"column {name!r} is not known", f"{near}, or a name less like it"
            )


def _without_blanks(body: pd.DataFrame, notes: Notes, label: str) -> pd.DataFrame:
    # Only rows found blank so far are looked at again: of a million ties hardly any.
    blank = body.index
    for name in body:
        blank = blank[~_filled(body[name].loc[blank])]
    if len(blank):
        rows = [f"{label}!{row}" if label else row for row in blank.tolist()]
        notes.append(Note("blank_rows", {"n": len(rows), "rows": rows}))
    return body.drop(index=blank)


def _filled(column: pd.Series) -> np.ndarray:
    return (column.str.strip() != "").to_numpy(dtype=bool)


def _columns(
    place: Place, look: Look, said: Said, body: pd.DataFrame, found: dict[str, int],
    rivals: list[tuple[int, str]], notes: Notes,
) -> dict[str, int]:  # fmt: skip
    """Columns to be kept, by field or own name; says what becomes of the others."""
    written = place.names
    filled = {k: bool(_filled(body[k]).any()) or body.empty for k in body}
    unnamed = [k for k, name in enumerate(written) if not name and k < _width(place)]
    empty = [k + 1 for k in unnamed if not filled[k]]
    empty += [k + 1 for name, k in found.items() if not filled[k] and name not in look.required]
    kept = {name: k for name, k in found.items() if filled[k] or name in look.required}
    if empty:
        notes.append(Note("empty_columns", {"n": len(empty), "columns": sorted(empty)}))
    unknown = [
        name for name, k in kept.items() if _makes_others(name, names.header(written[k]).unit, look)
    ]
    if look.spare and any(name in look.numbers and name not in unknown for name in kept):
        left = [written[kept.pop(name)] for name in unknown]
        notes += [Note("unit_unknown", {"columns": left})] if left else []
    if holding := [k + 1 for k in unnamed if filled[k]]:
        notes.append(Note("unnamed", {"n": len(holding), "columns": holding}))
    renamed = [(written[k], name) for name, k in kept.items() if written[k].strip().lower() != name]
    if renamed:
        notes.append(Note("columns", {"pairs": renamed}))
    for k, name in rivals:
        if filled[k] and name in kept:
            values = {"column": written[k], "field": name, "taken": written[kept[name]]}
            notes.append(Note("rival", values))
    taken = {*found.values(), *(k for k, _ in rivals)}
    persons, unused = [], []
    for k, name in enumerate(written):
        if k in taken or not name:
            continue
        sample = body[k].head(HEAD).tolist()
        if names.personal(name, sample):
            persons.append(name)
        elif look.wide(name) and name not in said.leave_out:
            kept[name] = k
        else:
            unused.append(name)
    if persons:
        notes.append(Note("personal", {"columns": persons}))
    if unused:
        notes.append(Note("unused", {"columns": unused}))
    return kept


def _rows(
    body: pd.DataFrame, place: Place, kept: dict[str, int], look: Look, notes: Notes, label: str
) -> pd.DataFrame:
    """Rows of the table only: totals, remarks and repeated headers go."""
    out: dict[int, Note] = {}
    looked = [
        kept[name]
        for name in kept
        if name in look.required or name in ("room", "month", "building")
    ]
    first = body.iloc[:, 0].str.strip()
    if len(body) <= _MANY:
        # Where the serial number stands, or wherever a row begins, a total says what it is.
        first = _first_words(body)
    for column in (first, *(body[k].str.strip() for k in looked)):
        some = column[column.str.contains(_OF_TOTALS, regex=True)]
        words = [
            word
            for word in some.unique()
            if len(word) <= LONGEST_LABEL and TOTAL.search(cells.plain(word).replace(" ", ""))
        ]
        for row, word in some[some.isin(words)].items():
            out.setdefault(int(str(row)), Note("total", {"row": _named(label, row), "word": word}))
    many = list(kept.values())
    count = sum(_filled(body[k]).astype(int) for k in many) if many else np.zeros(len(body))
    for row, cell in first[np.asarray(count) <= 1].items():
        if len(body.columns) > 1 and _REMARK.search(cells.plain(cell)) and row not in out:
            out[int(str(row))] = Note("footer", {"row": _named(label, row)})
    again = [row for row in _repeats(body, place, kept) if row not in out]
    notes += [out[row] for row in sorted(out)]
    if again:
        rows = [_named(label, row) for row in again]
        notes.append(Note("header_again", {"n": len(again), "rows": rows}))
    return body.drop(index=[*out, *again])


def _first_words(body: pd.DataFrame) -> pd.Series:
    """The first cell of each row that is not empty."""
    first = pd.Series("", index=body.index, dtype=object)
    for k in body:
        first = first.where(first != "", body[k].str.strip())
    return first


def _named(label: str, row: object) -> int | str:
    return f"{label}!{row}" if label else int(str(row))


def _repeats(body: pd.DataFrame, place: Place, kept: dict[str, int]) -> list[int]:
    """Rows that say the header once more, as at the head of each printed page."""
    same = np.ones(len(body), dtype=bool) if kept else np.zeros(len(body), dtype=bool)
    for k in kept.values():
        title = place.sheet.cells.iat[place.row + place.depth - 1, k]
        if same.any() and str(title).strip():
            same &= (body[k].str.strip() == str(title).strip()).to_numpy(bool)
    return [int(row) for row in body.index[same]]
