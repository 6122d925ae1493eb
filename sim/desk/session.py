"""A session of the desk: what one user has chosen. Data only, checked, and small.

It is what undo goes back over, what a file or a link holds, and all that decides the runs.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sim import __version__
from sim.as_text import clean
from sim.config import installed_measures
from sim.errors import InputError
from sim.explain import shorten
from sim.files import each_once
from sim.intake import mapping
from sim.intake.mapping import KINDS
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS

MOST_POLICIES = 6
LARGEST_FILE = 3 * 2**20
"""Bytes of a session file, households and all."""

LONGEST_LINK = 12_000
"""Characters of a link's session; browsers and servers cut longer ones off."""

LARGEST_UPLOAD = 2 * 2**20
"""Bytes of an uploaded table."""

TO_THE_END = 1200
"""End of a measure that is not withdrawn, as the schema's default has it."""

Language = Literal["zh", "en"]
Value = bool | int | float | str


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Planned(_Data):
    """A measure of a policy.

    Attributes:
        measure: Name in the catalogue.
        label: What a plan calls it that has the measure more than once; empty for the measure's name.
        start, end: Months in force, the end not included.
        dose: Strength relative to its full form.
        settings: Other parameters that differ from their defaults, by key, as ``builds.young``.
    """

    measure: str = Field(max_length=60)
    label: str = Field("", max_length=60, pattern="^[A-Za-z0-9_]*$")
    start: int = Field(1, ge=1, le=600)
    end: int = Field(TO_THE_END, ge=2, le=TO_THE_END)
    dose: float = Field(1.0, ge=0, le=2)
    settings: dict[str, Value] = Field(default_factory=dict, max_length=30)

    @field_validator("measure")
    @classmethod
    def _known(cls, name: str) -> str:
        installed_measures()
        if name not in CATALOGUE or CATALOGUE[name].kind != "measure":
            raise ValueError(f"no measure is named {shorten(name)!r}")
        return name

    @model_validator(mode="after")
    def _ordered(self) -> Planned:
        if self.end <= self.start:
            raise ValueError(f"end {self.end} is not after start {self.start}")
        return self

    @property
    def key(self) -> str:
        """What the plan calls it."""
        return self.label or self.measure

    def parameters(self) -> dict[str, Any]:
        """As a policy's file has it."""
        tree: dict[str, Any] = {}
        for key, value in self.settings.items():
            *groups, name = key.split(".")
            place = tree
            for group in groups:
                place = place.setdefault(group, {})
                if not isinstance(place, dict):
                    raise InputError(f"{self.key}.{key}", f"{group} has a value too", "one of them")
            place[name] = value
        timing = {"start": self.start, "end": self.end, "dose": self.dose}
        return {**tree, **timing, "measure": self.measure}


class Plan(_Data):
    """A policy: a name and its measures."""

    name: str = Field(min_length=1, max_length=40)
    measures: list[Planned] = Field(default_factory=list, max_length=40)

    @model_validator(mode="after")
    def _each_once(self) -> Plan:
        names = [planned.key for planned in self.measures]
        if len(set(names)) < len(names):
            raise ValueError("a measure is named twice")
        return self


class Trouble(_Data):
    """An event of the compound's past: how large, and in which month before the policy."""

    event: str = Field(max_length=60)
    size: float = Field(0.5, ge=0, le=1)
    month: int = Field(-6, ge=-36, le=0)

    @field_validator("event")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in CATALOGUE or CATALOGUE[name].kind != "event":
            raise ValueError(f"no event is named {shorten(name)!r}")
        return name


class Own(_Data):
    """A compound that the user describes.

    Attributes:
        like: Scenario whose kind of compound it is.
        name: What the user calls it.
        values: Keys of the configuration that were filled in.
        figures: The same in an office's units, such as flats instead of a share of them.
        facts: What the model does not use, for the report.
        committee: The committee's state as offices name it; empty where ``values`` alone say it.
        troubles: What happened to it.
        collection: Share of fees collected now, as the user says; None where it is not known.
        known: More of how things stand, by names of ``sim.posterior.estates.names``.
        shift: Added to the rates by which compounds like it are looked up, so that its own runs start where it does.
        households: Uploaded table, as text.
        months: Uploaded table of the compound's own figures, as text.
        edges: Uploaded ties between its households, as text.
        mappings: How its files are read, by their kind.
    """

    like: str = Field("ordinary_estate", max_length=60)
    name: str = Field("", max_length=40)
    values: dict[str, Value] = Field(default_factory=dict, max_length=40)
    figures: dict[str, float] = Field(default_factory=dict, max_length=40)
    facts: dict[str, Annotated[str, Field(max_length=40)]] = Field(
        default_factory=dict, max_length=20
    )
    committee: str = Field("", max_length=20)
    troubles: list[Trouble] = Field(default_factory=list, max_length=12)
    collection: float | None = Field(None, ge=0, le=1)
    known: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=dict, max_length=12
    )
    shift: float = Field(0.0, ge=-1, le=1)
    households: str = Field("", max_length=LARGEST_UPLOAD)
    months: str = Field("", max_length=LARGEST_UPLOAD // 8)
    edges: str = Field("", max_length=LARGEST_UPLOAD // 2)
    mappings: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=len(KINDS))

    @model_validator(mode="before")
    @classmethod
    def _found_anew(cls, tree: Any) -> Any:
        # Sessions of earlier versions held a start that was sought; it follows from ``collection`` now.
        return (
            {k: v for k, v in tree.items() if k != "standing"} if isinstance(tree, dict) else tree
        )

    @field_validator("mappings")
    @classmethod
    def _is_mapping(cls, said: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for kind, tree in said.items():
            if mapping.of(tree).kind != kind or kind not in KINDS:
                raise ValueError(f"{shorten(kind)!r} is no kind of this mapping")
        return said


class Session(_Data):
    """All that a user has chosen.

    Attributes:
        version: Of this layout.
        program: Version of xiaoqu that wrote it.
        language: Of the page.
        case: Scenario, or "own" for the user's own compound.
        own: The user's own compound.
        policies: Policies side by side; a compound without measures is always lived too.
        chosen: Which policy is being edited.
        indicator: Which indicator the large chart shows.
        threshold, within: Share of fees and months that the sentences ask about.
        question: What the user wants to know, in words, for the report.
        budget: What there is a month: hours by who gives them, and yuan.
        candidates: Measures on offer within it.
        replications, seed, months: As in a configuration.
    """

    version: Literal[1] = 1
    program: str = Field(__version__, max_length=40)
    language: Language = "zh"
    case: str = Field("kangqiao", max_length=60)
    own: Own = Field(default_factory=Own)
    policies: list[Plan] = Field(default_factory=list, max_length=MOST_POLICIES)
    chosen: int = Field(0, ge=0, lt=MOST_POLICIES)
    indicator: str = "collection_rate"
    threshold: float = Field(0.7, ge=0.05, le=1)
    within: int = Field(24, ge=1, le=120)
    question: str = Field("", max_length=400)
    budget: dict[str, Annotated[float, Field(ge=0, le=1e9)]] = Field(
        default_factory=dict, max_length=8
    )
    candidates: list[Annotated[str, Field(max_length=60)]] = Field(
        default_factory=list, max_length=12
    )
    replications: int = Field(100, ge=2, le=200)
    seed: int = Field(1, ge=0, le=2**31)
    months: int = Field(60, ge=12, le=120)

    @field_validator("indicator")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in INDICATORS:
            raise ValueError(f"no indicator is named {shorten(name)!r}")
        return name

    @model_validator(mode="after")
    def _fits(self) -> Session:
        names = [plan.name for plan in self.policies]
        if len(set(names)) < len(names) or "none" in names:
            raise ValueError("two policies have the same name, or one is named none")
        if self.within > self.months:
            raise ValueError(f"within {self.within} is after the last month, {self.months}")
        for planned in (planned for plan in self.policies for planned in plan.measures):
            if planned.start > self.months:
                said = f"start {planned.start} of {planned.key}"
                raise ValueError(f"{said} is after the last month, {self.months}")
        return self

    @property
    def seeds(self) -> list[int]:
        """Seeds of all replications."""
        return list(range(self.seed, self.seed + self.replications))


def read(text: str | bytes) -> Session:
    """A session from the text of a file.

    Raises:
        InputError: It is too large, or not a session; names the place and what is wrong there.
    """
    if len(text) > LARGEST_FILE:
        raise InputError("session", f"{len(text)} bytes", f"at most {LARGEST_FILE}")
    try:
        # Strict JSON: numbers stay numbers, and nothing but data can be said.
        found = Session.model_validate_json(text)
        json.loads(text, object_pairs_hook=partial(each_once, "session"))
        return found
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place, problem = ".".join(["session", *map(str, first["loc"])]), shorten(str(first["msg"]))
        other = _written_by(text)
        if other != __version__:
            said = f"was saved by xiaoqu {other}, and this is {__version__} ({place}: {problem})"
            raise InputError("session", said, "a session of this version") from None
        raise InputError(place, problem) from None
    except (UnicodeDecodeError, RecursionError):
        raise InputError("session", "the text cannot be read", "a file saved by the desk") from None


def _written_by(text: str | bytes) -> str:
    """Version of xiaoqu that wrote a session which cannot be used; this one where it does not say another."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return __version__
    if not isinstance(said, dict):
        return __version__
    program = shorten(clean(str(said.get("program", __version__))))
    layout = said.get("version", 1)
    return program if layout == 1 or program != __version__ else f"(layout {shorten(str(layout))})"


def write(session: Session) -> str:
    """The text of a session's file."""
    tree: dict[str, Any] = session.model_dump(mode="json")
    return json.dumps(tree, ensure_ascii=False, indent=1)


def as_link(session: Session) -> str:
    """A session as letters that can stand in a link.

    Raises:
        InputError: It is too long, as with uploaded tables; a file holds it.
    """
    text = packed(session)
    if len(text) > LONGEST_LINK:
        raise InputError("link", f"{len(text)} characters", f"up to {LONGEST_LINK}; save a file")
    return text


def packed(session: Session) -> str:
    """A session as letters of any number."""
    said = {"program": __version__, **session.model_dump(mode="json", exclude_defaults=True)}
    small = zlib.compress(json.dumps(said, ensure_ascii=False).encode(), 9)
    return base64.urlsafe_b64encode(small).decode("ascii").rstrip("=")


def from_link(text: str) -> Session:
    """The session of a link.

    Raises:
        InputError: It is none, or unpacks to more than a session may be.
    """
    if len(text) > LONGEST_LINK:
        raise InputError("link", f"{len(text)} characters", f"up to {LONGEST_LINK}")
    return unpacked(text)


def unpacked(text: str) -> Session:
    """The session of letters that ``packed`` made.

    Raises:
        InputError: They are none, or unpack to more than a session may be.
    """
    try:
        small = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        unpacking = zlib.decompressobj()
        plain = unpacking.decompress(small, LARGEST_FILE + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise InputError("link", "cannot be read", "a link made by the desk") from None
    return read(plain)
