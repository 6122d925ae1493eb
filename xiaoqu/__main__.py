"""``python -m xiaoqu`` is the command ``xiaoqu``, also where a folder ``sim`` of one's own lies."""

import xiaoqu  # noqa: F401  # first: it finds the package sim that is ours
from sim.cli import main

if __name__ == "__main__":
    main()
