"""A register of flats (业主清册, 房屋台账) as a table of households: one row each, model's names, model's words.

What follows here still is text; ``sim.society.imports`` checks every cell and makes numbers of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.intake import cells, layout, names, rooms
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import Sheet
from sim.society.reading import Note, Notes

PLACE = ("building", "stair", "floor")
ROOM = "room"
OLDEST = 120

MOST_UNREAD = 0.1
"""Ages that cannot be read, for each that can, up to which they are drawn, and said: one 约六十 is no reason to refuse."""

YOUNG_TO, ELDERLY_FROM = 35, 60
"""Ages in years: youth ends at 35 (中长期青年发展规划 2016-2025), the elderly are 60 and older
(老年人权益保障法, article 2)."""

_YES = r"1|y|yes|true|是|√|✓|✔|☑|■|●|有|对|已"
_NO = r"0|n|no|false|否|×|✗|✘|x|无|□|☐|○|非|没有|未"
WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "tenure": (
        ("vacant", r"vacant|empty|unoccupied|空|.*(?:空置|空关|空房|闲置|未入住|无人居?住|空户|未装修|装修中|(?:未|待)交付|未售|没人住|未住|待售|待租).*"),
        ("tenant", r"tenant|let|rented|renter|.*(?:租).*"),
        ("owner", r"owner|owned|owner-?occupied|self|.*(?:业主|自住|自有|自用|产权人|常住|本人居?住|入住|在住|居住|有人住|房主|户主|已住|家属|亲属|子女|配偶).*"),
    ),
    "life_stage": (
        ("young", r"young|青年|年轻(?:人|家庭)?|青壮年|新婚|有孩子?.*|育儿.*"),
        ("elderly", r"elderly|old|retired|老年(?:人|家庭|户)?|老人|退休|老龄|高龄|独居老人|空巢.*"),
        ("working", r"working|middle-?aged|中年(?:人|家庭)?|壮年|在职|中青年"),
    ),
    "party_member": (
        ("1", rf"{_YES}|(?:中共|共产党?)?(?:正式|预备)?党员(?:户|家庭)?|cpc|member|有党员"),
        ("0", rf"{_NO}|(?:普通)?群众|.*团员|民主党派|无党派(?:人士)?|非党员|.*(?:民革|民盟|民建|民进|农工党|致公党|九三学社|台盟).*|少先队员|-|none"),
    ),
    "contribution_type": (
        ("conditional", r"conditional|条件合作"), ("unconditional", r"unconditional|无条件合作"),
        ("free_rider", r"free_rider|搭便车"),
    ),
}  # fmt: skip
"""Words of each column and what they stand for, first that fits."""

_NO_HOME = re.compile(
    r"商[铺业店服]|店面|门面|铺|车[位库]|储藏|储物|杂物|办公|写字|仓库|地下室|公建|配套|幼儿园|用房|设备|会所|shop|parking|garage|office|storage|retail|commercial"
)


def look(exact: Sequence[str]) -> layout.Look:
    """What is looked for in a register."""
    allowed = (*PLACE, ROOM, *(name for name in exact if name not in (*PLACE, ROOM)))
    numbers = ("age", "area_m2", "fee_yuan", "price")
    return layout.Look(names.REGISTER, exact=(*exact,), allowed=allowed, numbers=numbers)


def read(
    path: str,
    exact: Sequence[str],
    notes: Notes,
    said: Said | None = None,
    read: list[Sheet] | None = None,
) -> layout.Table:
    """Read a register.

    Args:
        path: What the file is called.
        exact: Fields that are known by their own names, such as columns of somebody's own.
        notes: What was matched, joined and left out is added.
        said: What somebody says of the file.
        read: Its sheets, if they are read already.

    Returns:
        Its table, one row a household, with columns of the model only: building, stair, floor and those that
        are there.

    Raises:
        InputError: Names file, row, column and what is allowed.
    """
    said = Said() if said is None else said
    table = layout.table(path, look(exact), notes, said, read)
    frame = table.frame
    if not len(frame):
        frame = table.frame = frame.astype(object)
    _own_words(frame, said)
    frame = _homes(table, frame, notes)
    rooms.fill_joined(frame, notes)
    frame, assumed = _places(table, frame, notes)
    for name in PLACE:
        if name not in frame:
            allowed = ", ".join(look(exact).allowed)
            raise InputError(f"{path}: row {table.header}", f"column {name!r} is missing", allowed)
    _tenure(frame)
    _ages(table, frame, notes)
    _fees(table, frame, notes)
    for name in WORDS:
        if name in frame:
            _words(table, frame, name, notes)
    table.frame = _households(table, frame, assumed, notes)
    wanted = [name for name in (*PLACE, ROOM, *exact) if name in table.frame]
    table.frame = table.frame[list(dict.fromkeys(wanted))]
    return table


def _own_words(frame: pd.DataFrame, said: Said) -> None:
    for name, words in said.values.items():
        if name not in frame:
            raise InputError(
                f"mapping: values.{name}", "is no column of the file", ", ".join(map(str, frame))
            )
        known = {cells.plain(word): value for word, value in words.items()}
        cell = frame[name].fillna("")
        frame[name] = cell.map(lambda text, known=known: known.get(cells.plain(text), text))


def _homes(table: layout.Table, frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Shops, parking places and store rooms are no households."""
    if "use" not in frame:
        return frame
    words = frame["use"].fillna("").map(cells.plain)
    other = words.str.contains(_NO_HOME)
    if other.any() and not other.all():
        kinds = frame["use"][other].str.strip().value_counts()
        told = [f"{word} {count}" for word, count in kinds.items()]
        notes.append(Note("not_homes", {"n": int(other.sum()), "words": told}))
        frame = frame[~other]
    return frame.copy()


# --- where a flat is ------------------------------------------------------------------------------


def _places(table: layout.Table, frame: pd.DataFrame, notes: Notes) -> tuple[pd.DataFrame, bool]:
    """Building, stair and floor from the room's label where they have no column; whether the stair was assumed."""
    frame = frame.copy()
    written = table.written.get(ROOM, ROOM)
    gained = []
    if ROOM in frame:
        parts = rooms.split_all(frame[ROOM], frame.get("building"))
        if parts is not None:
            for name in PLACE:
                if name not in frame and (parts[name] != "").all():
                    frame[name] = parts[name]
                    gained.append(name)
            frame[ROOM] = parts[ROOM]
    if "building" not in frame and "sheet" in frame:
        frame["building"] = frame["sheet"]
        notes.append(Note("from_room", {"column": "sheet", "fields": ["building"]}))
    if "floor" not in frame and ROOM in frame:
        floors = frame[ROOM].fillna("").map(rooms.floor_of)
        if len(floors) and (floors != "").mean() > 0.9:
            frame["floor"] = floors
            gained.append("floor")
    assumed = "stair" not in frame and "building" in frame and "floor" in frame and ROOM in frame
    if assumed:
        frame["stair"] = "1"
        notes.append(Note("one_stair", {}))
    if gained:
        notes.append(Note("from_room", {"column": written, "fields": gained}))
    return frame, assumed


# --- what is said of it ---------------------------------------------------------------------------


def word(name: str, text: str) -> str | None:
    """What a word of a column stands for; None if it is not known, empty if it says nothing."""
    said = cells.plain(text).replace(" ", "")
    for value, pattern in WORDS[name]:
        if re.fullmatch(pattern, said):
            return value
    if cells.nothing(text):
        return ""
    if name == "life_stage" and (numbers := re.findall(r"\d+", said)) and len(numbers) <= 2:
        age = float(np.mean([int(number) for number in numbers]))
        if age < OLDEST:
            return _stage(age)
    return None


def _stage(age: float) -> str:
    return "young" if age <= YOUNG_TO else "elderly" if age >= ELDERLY_FROM else "working"


def _words(table: layout.Table, frame: pd.DataFrame, name: str, notes: Notes) -> None:
    cell = frame[name].fillna("").str.strip()
    known = {text: word(name, text) for text in cell.unique()}
    filled = cell != ""
    understood = cell[filled].map(lambda text: known[text] is not None)
    written = table.written.get(name, name)
    if written.strip().lower() != name and len(understood) and understood.mean() < 0.5:
        values = {"column": written, "words": list(cell[filled].unique()[:5])}
        notes.append(Note("words_unknown", values))
        del frame[name]
        return
    frame[name] = cell.map(lambda text: text if known[text] is None else known[text])
    if name == "party_member":
        blank = frame[name] == ""
        lived_in = frame["tenure"] != "vacant" if "tenure" in frame else True
        if told := int((blank & lived_in).sum()):
            notes.append(Note("blank_means", {"n": told, "column": name, "word": "0"}))
        frame.loc[blank, name] = "0"


def _tenure(frame: pd.DataFrame) -> None:
    """Columns that ask one thing each (出租? 空置? 入住?) as one that says which."""
    asked = {name: frame.pop(name) for name in ("let", "empty", "lived_in") if name in frame}
    if "tenure" in frame or not asked:
        return

    def yes(name: str, which: str) -> pd.Series:
        if name not in asked:
            return pd.Series(False, index=frame.index)
        return asked[name].fillna("").map(lambda text: word("party_member", text) == which)

    frame["tenure"] = "owner"
    frame.loc[yes("let", "1"), "tenure"] = "tenant"
    frame.loc[yes("empty", "1") | yes("lived_in", "0"), "tenure"] = "vacant"


def _ages(table: layout.Table, frame: pd.DataFrame, notes: Notes) -> None:
    if "age" not in frame:
        return
    told = frame.pop("age").fillna("")
    if "life_stage" in frame:
        return
    age = cells.of_column(told)
    known = (age >= 0) & (age < OLDEST)
    wrong = ~known & ~told.map(cells.nothing).to_numpy(bool)
    if wrong.sum() > MOST_UNREAD * known.sum():
        # Not drawn as if nobody had said anything: a year of birth would be lost without a word.
        where = f"{table.path}: row {frame.index[wrong][0]}: age"
        problem = f"{told[wrong].iloc[0]!r} cannot be used"
        raise InputError(where, problem, f"years of age below {OLDEST}, or nothing")
    if wrong.any():
        rows = [str(row) for row in frame.index[wrong]]
        notes.append(Note("no_age", {"n": len(rows), "rows": rows}))
    frame["life_stage"] = [_stage(a) if k else "" for a, k in zip(age, known, strict=True)]
    notes.append(Note("from_age", {"young": YOUNG_TO, "elderly": ELDERLY_FROM}))


def _fees(table: layout.Table, frame: pd.DataFrame, notes: Notes) -> None:
    """A fee of a year, half or a quarter is its part a month; a price for each square metre is a fee once there is an area."""
    told = {name: frame.pop(name) for name in ("fee_yuan", "price") if name in frame}
    for name, text in told.items():
        factor = table.yuan(name) / table.months(name)
        if not table.of_area(name):
            frame["fee_yuan"] = text if factor == 1 else _numbers(text, factor)
            return
        if "area_m2" in frame:
            fee = cells.of_column(text) * factor * cells.of_column(frame["area_m2"])
            frame["fee_yuan"] = ["" if np.isnan(value) else f"{value:.2f}" for value in fee]
            notes.append(Note("from_price", {}))
            return


def _numbers(text: pd.Series, factor: float) -> list[str]:
    values = cells.of_column(text)
    told = text.fillna("")
    # What is no number stays, to be refused by its row.
    return [t if np.isnan(v) else f"{v * factor:.2f}" for t, v in zip(told, values, strict=True)]


# --- one row a household --------------------------------------------------------------------------


def keys(frame: pd.DataFrame) -> pd.Series:
    """Building, stair, floor and room of each row, alike however they are written."""
    parts = [
        frame[name].fillna("").map(lambda label, name=name: rooms.alike(label, name))
        for name in ("building", "stair")
    ]
    floors = frame["floor"].fillna("").map(lambda text: str(cells.floor(text)))
    room = frame[ROOM].fillna("").map(lambda label: rooms.alike(label, ROOM))
    return parts[0] + "|" + parts[1] + "|" + floors + "|" + room


def _households(
    table: layout.Table, frame: pd.DataFrame, assumed: bool, notes: Notes
) -> pd.DataFrame:
    """Rows of one room joined: one row a person, or a bill."""
    if ROOM not in frame or not len(frame):
        return frame
    key = keys(frame)
    blank = frame[ROOM].fillna("").str.strip() == ""
    again = key.duplicated() & ~blank
    if not again.any():
        return frame
    if assumed:
        row = frame.index[again][0]
        first = frame.index[(key == key[row]).to_numpy()][0]
        problem = f"{frame[ROOM][row].strip()!r} stands in row {first} too"
        raise InputError(
            f"{table.path}: row {row}: {ROOM}",
            problem,
            "a column of stairs (单元), which tells them apart",
        )
    group = key.where(~blank, [f"\0{k}" for k in range(len(key))])
    # The owner's row speaks for the household; sorting keeps the order of the file otherwise.
    if "tenure" in frame:
        frame = frame.iloc[np.argsort((frame["tenure"] != "owner").to_numpy(), kind="stable")]
        group = group.loc[frame.index]
    filled = frame.replace("", np.nan)
    joined = filled.groupby(group.to_numpy(), sort=False).first()
    first_row = (
        pd.Series(np.arange(len(key)), index=key.index)
        .groupby(key.where(~blank, [f"\0{k}" for k in range(len(key))]).to_numpy(), sort=False)
        .min()
    )
    if "party_member" in frame:
        some = (frame["party_member"] == "1").groupby(group.to_numpy(), sort=False).any()
        joined["party_member"] = np.where(
            some.loc[joined.index], "1", joined["party_member"].fillna("")
        )
    place = first_row.loc[joined.index].to_numpy()
    joined.index = key.index[place]
    joined = joined.iloc[np.argsort(place)].fillna("")
    notes.append(Note("people", {"rows_n": len(key), "n": len(joined)}))
    for name in frame.columns:
        if name in (*PLACE, ROOM, "party_member", "use", "sheet"):
            continue
        differ = filled[name].groupby(group.to_numpy(), sort=False).nunique() > 1
        if differ.any():
            notes.append(Note("people_differ", {"n": int(differ.sum()), "column": name}))
    return joined
