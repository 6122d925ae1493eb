"""Many runs of the core month as whole processes, as a user of each framework would start them.

python many_runs.py mesa RUNS HOUSEHOLDS      mesa.batch_run on two processes
python many_runs.py agentpy RUNS HOUSEHOLDS   AgentPy's Experiment on two processes
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def mesa(runs: int, households: int) -> None:
    """Print the mean over the runs of the share paid in the last month."""
    import pandas as pd
    from mesa.batchrunner import batch_run

    from peers.mesa_core import CoreModel

    rows = batch_run(
        CoreModel,
        parameters={"households": households, "seed": list(range(1, runs + 1))},
        number_processes=2,
        display_progress=False,
    )
    table = pd.DataFrame(rows)
    assert len(table) == runs
    print(table["paid_share"].mean())


def agentpy(runs: int, households: int) -> None:
    """Print the mean over the runs of the share paid in the last month."""
    import agentpy as ap

    from peers.agentpy_core import CoreModel

    sample = {"households": households, "steps": 60, "seed": 1}
    experiment = ap.Experiment(CoreModel, sample, iterations=runs, record=True)
    table = experiment.run(n_jobs=2, verbose=0).variables.CoreModel
    last = table[table.index.get_level_values("t") == 60]
    assert len(last) == runs
    print(last["paid_share"].mean())


if __name__ == "__main__":
    {"mesa": mesa, "agentpy": agentpy}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
