"""Xiaoqu under its own name: ``from xiaoqu import load, run`` gives what ``from sim import load, run`` gives.

The code lies in the package ``sim`` beside this one. A folder ``sim`` of your own does not stand in its way,
as long as it was not imported before: see ``docs/howto.md``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim import *  # noqa: F403

_HOME = Path(__file__).resolve().parent.parent


def _package() -> Any:
    """The package ``sim`` that belongs to this one.

    Raises:
        ImportError: Another of that name was imported before.
    """
    ours = _HOME / "sim" / "__init__.py"
    if "sim" not in sys.modules:
        found = find_spec("sim")
        if found is None or found.origin is None or not ours.samefile(found.origin):
            # In front of the working folder, for worker processes too, which take over this list.
            sys.path.insert(0, str(_HOME))
    package = import_module("sim")
    if package.__file__ is None or not ours.samefile(package.__file__):
        place = package.__file__ or f"the folder {next(iter(package.__path__), 'sim')}"
        raise ImportError(
            f"xiaoqu: another package named sim was imported before, from {place}; import xiaoqu before it, "
            "or give it another name"
        )
    return package


_SIM = _package()
__version__ = _SIM.__version__
__all__ = list(_SIM.__all__)


def __getattr__(name: str) -> Any:
    return getattr(_SIM, name)


def __dir__() -> list[str]:
    return [*__all__]
