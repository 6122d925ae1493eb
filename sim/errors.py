"""The one error a user can cause: a bad value, named so that it can be mended."""

from __future__ import annotations

LONGEST_PART = 480
"""Characters of a part of the line; what was given may be of any length, and a key too."""


class InputError(ValueError):
    """Input that cannot be used, said in one line: where, what was given, what is allowed.

    Args:
        where: The key, file (with row and column) or argument that is wrong.
        problem: What was given and why it cannot be used.
        allowed: What would be accepted instead.
    """

    def __init__(self, where: str, problem: str, allowed: str = "") -> None:
        self.where = where = _seen(where) if where.strip() else repr(where)
        self.problem = problem
        self.allowed = allowed
        line = f"{cut(where)}: {cut(problem)}"
        if allowed:
            line += f"; allowed: {cut(allowed)}"
        super().__init__(" ".join(line.split()))

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        """Rebuild from its parts, so that the error crosses a process border unchanged."""
        return type(self), (self.where, self.problem, self.allowed)


def _seen(where: str) -> str:
    """A key with what is in it and cannot be seen, such as a mark of no width, written out."""
    if where.isprintable():
        return where
    return "".join(c if c.isprintable() or c.isspace() else ascii(c)[1:-1] for c in where)


def cut(text: str) -> str:
    """A part of a line, with its middle left out where it is long."""
    return text if len(text) <= LONGEST_PART else f"{text[: LONGEST_PART - 60]}...{text[-57:]}"


def known_language(language: str) -> str:
    """The language of what is shown, "en" or "zh".

    Raises:
        InputError: Another language.
    """
    if language not in ("en", "zh"):
        raise InputError("language", f"{language!r} is not known", "en, zh")
    return language


def refuse_broken(text: str, where: str) -> None:
    """Refuse a text that cannot be written: bytes that were no UTF-8 stand in it as half letters.

    Raises:
        InputError: It is such a text.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(where, f"{cut(ascii(text))} is no text", "text in UTF-8") from None
