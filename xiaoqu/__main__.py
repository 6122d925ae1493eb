"""``python -m xiaoqu`` is the command ``xiaoqu``, also where a folder ``sim`` of one's own lies."""

import xiaoqu  # noqa: F401  # first: it finds the package sim that is ours
from sim.__main__ import start

if __name__ == "__main__":
    start()
