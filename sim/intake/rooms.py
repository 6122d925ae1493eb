"""Labels that are written in several ways, and rooms that name their building: 2-1-301, 2号楼1单元301室."""

from __future__ import annotations

import re
from typing import NamedTuple

import pandas as pd

from sim.intake.cells import chinese, plain
from sim.society.reading import Note, Notes

_AROUND = {
    "building": re.compile(
        r"^(?:第|no\.? ?(?=\d)|#|building |bldg\.? ?|block |tower )?(.+?)(?: ?(?:栋|幢|座|楼|号|#))*$"
    ),
    "stair": re.compile(
        r"^(?:第|no\.? ?(?=\d)|#|stair |unit |entrance )?(.+?)(?: ?(?:单元|梯|门|号|#))*$"
    ),
    "room": re.compile(r"^(?:no\.? ?(?=\d)|#|room |flat |apt\.? ?)?(.+?)(?: ?(?:室|房|号|户|#))*$"),
}


def alike(label: str, column: str) -> str:
    """A label without what people put around its number: 1, 01, 1栋, 1号楼, 1#, #1 and １ are one.

    Args:
        label: As the file has it.
        column: building, stair or room.
    """
    text = plain(label)
    found = _AROUND[column].match(text)
    core = found[1] if found else text
    if (number := chinese(core)) is not None:
        core = str(number)
    # Programs that hold a label for a number write 1.0.
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"^(\d+)\.0+$", r"\1", core))


class Room(NamedTuple):
    """What a room's label tells; empty where it does not."""

    before: str
    building: str
    stair: str
    floor: str
    room: str

    @property
    def key(self) -> str:
        """Building, stair and room in the one way that all ways to write them share."""
        parts = ((self.building, "building"), (self.stair, "stair"), (self.room, "room"))
        return "-".join([self.before] * bool(self.before) + [alike(p, c) for p, c in parts if p])


_NAME = r"[a-z]?\d{1,4}[a-z]?|[a-z]|[一二三四五六七八九十]{1,3}"
_CODE = re.compile(
    rf"""(?P<before>.*?(?<![\da-z一二三四五六七八九十第])|)
    第?\#?(?P<building>{_NAME})\s*(?:号楼|栋楼?|幢楼?|座|\#楼?|号|楼|[-/_\\.,、 ])\s*[-/_,、 ]?\s*
    (?:第?(?P<stair>{_NAME})\s*(?:单元|门洞?|梯|[-/_\\.,、 ]|\#)\s*[-/_,、 ]?\s*)?
    (?:第?(?P<floor>-?\d{{1,2}}|[一二三四五六七八九十]{{1,3}})\s*(?:层|楼|f|[-/_\\.,、 ])\s*[-/_,、 ]?\s*)?
    (?P<room>[a-z]?\d{{1,5}}[a-z]?(?:-\d)?|[东西南北中左右]户?|[a-d])\s*(?:室|房|号房?|户|\#)?""",
    re.VERBOSE,
)
_STAIRED = re.compile(
    rf"第?(?P<stair>{_NAME})\s*(?:单元|门洞?|梯)\s*[-/_ ]?\s*(?P<room>[a-z]?\d{{1,5}}[a-z]?)\s*(?:室|房|号房?|户|\#)?"
)


def split(label: str) -> Room | None:
    """What a label of a room tells, if it names its building or stair; None if it is a room alone."""
    text = plain(label).replace("–", "-").replace("—", "-").replace("－", "-").replace("~", "-")
    if found := _STAIRED.fullmatch(text):
        return Room("", "", found["stair"], "", found["room"])
    found = _CODE.fullmatch(text)
    if not found:
        return None
    # 2-301: with nothing between, what looks like a stair may be the floor and the other way round.
    parts = {name: said or "" for name, said in found.groupdict().items()}
    if parts["floor"] and not parts["stair"]:
        parts["stair"], parts["floor"] = parts["floor"], ""
    return Room(
        parts["before"].strip(" -_,，"), *(parts[k] for k in ("building", "stair", "floor", "room"))
    )


def split_all(labels: pd.Series, building: pd.Series | None = None) -> pd.DataFrame | None:
    """Parts of all labels of a column; None unless nearly all of them name their building or stair.

    What stands before the building (the compound, the road) is part of it where it differs from row to row.

    Args:
        labels: Labels of rooms.
        building: Buildings that the table tells in a column of its own: 1-301 then is stair 1, unless the building
            is 1 in every such row.
    """
    words = labels.fillna("").str.strip()
    known = {word: split(word) for word in words.unique()}
    parts = [known[word] for word in words]
    found = [part for part in parts if part is not None]
    if not found or len(found) < 0.9 * len(parts):
        return None
    frame = pd.DataFrame([part or Room("", "", "", "", "") for part in parts], index=labels.index)
    # What cannot be taken apart stays whole, to be refused by its row.
    whole = pd.Series([part is None for part in parts], index=labels.index)
    frame.loc[whole, "room"] = words[whole]
    if (
        building is not None
        and (frame["stair"] == "").all()
        and (frame["building"][~whole] != "").all()
    ):
        first = frame["building"][~whole].map(lambda label: alike(label, "building"))
        own = building.fillna("")[~whole].map(lambda label: alike(label, "building"))
        if not (first == own).all():
            frame["stair"], frame["building"] = frame["building"], ""
            return frame
    if frame["before"][~whole].nunique() > 1:
        frame["building"] = frame["before"] + frame["building"]
    return frame


def floor_of(room: str) -> str:
    """The floor that a room's number begins with: 301 is on 3, 1203 on 12, B101 on -1; empty if it tells none."""
    core = alike(room, "room")
    if found := re.fullmatch(r"(b|-)?(\d{1,2})(\d{2})[a-z]?(?:-\d)?", core):
        return ("-" if found[1] else "") + found[2]
    # A101 names a block or a line of flats before its number.
    if found := re.fullmatch(r"[ac-z](\d{1,2})(\d{2})", core):
        return found[1]
    return ""


def keys_of(frame: pd.DataFrame) -> pd.Series:
    """Building, stair and room of each row in one way, from columns of these names or the room's label alone."""
    index = frame.index
    parts = split_all(frame["room"], frame.get("building")) if "room" in frame else None
    told: list[pd.Series] = []
    for name in ("building", "stair", "room"):
        if name in frame and not (name == "room" and parts is not None):
            cell = frame[name].fillna("").astype(str)
        elif parts is not None and (parts[name] != "").any():
            cell = parts[name]
        else:
            continue
        told.append(cell.map(lambda label, name=name: alike(label, name)))
    if not told:
        return pd.Series("", index=index)
    key = told[0]
    for part in told[1:]:
        key = key + "-" + part
    return key


def nowhere(frame: pd.DataFrame) -> pd.Series:
    """Rows (rows,) that name neither building nor stair, floor or room; none of a table that has no such column."""
    names = [name for name in ("building", "stair", "floor", "room") if name in frame]
    blank = pd.Series(bool(names), index=frame.index)
    for name in names:
        blank &= frame[name].fillna("").str.strip() == ""
    return blank


def fill_joined(frame: pd.DataFrame, notes: Notes) -> None:
    """Cells that were joined downwards keep their word in the first row only: fill the others, in place."""
    blank = nowhere(frame)
    above = pd.Series("", index=frame.index)
    for name in ("building", "stair"):
        if name not in frame:
            continue
        cell = frame[name].fillna("").str.strip()
        filled = cell != ""
        block = (above + "|" + cell)[filled]
        # Joined cells name each block once; a word that is merely forgotten stands in its block again.
        if 0 < filled.sum() < len(cell) and filled.iloc[0] and not block.duplicated().any():
            frame[name] = cell.where(filled).ffill()
            notes.append(Note("merged", {"n": int((~filled).sum()), "column": name}))
        above = frame[name].fillna("").astype(str)
    if "room" in frame and blank.any() and not blank.iloc[0]:
        # One row a person or a bill, the flat's own cells joined over all of them.
        for name in ("building", "stair", "floor", "room"):
            if name in frame:
                frame[name] = frame[name].mask(blank).ffill()
        notes.append(Note("merged", {"n": int(blank.sum()), "column": "room"}))
