"""Start state of the core month: households in columns and their ties in compressed rows."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from peers import rules


@dataclass
class World:
    """One compound at the start; arrays (households,) unless said otherwise.

    Attributes:
        indptr: int64 (households + 1,): neighbours of i are ``neighbours[indptr[i]:indptr[i + 1]]``.
        neighbours: int32 (ties * 2,).
    """

    life: np.ndarray
    kind: np.ndarray
    fee: np.ndarray
    burden: np.ndarray
    taste: np.ndarray
    satisfaction: np.ndarray
    trust_firm: np.ndarray
    grievance: np.ndarray
    habit: np.ndarray
    paid: np.ndarray
    indptr: np.ndarray
    neighbours: np.ndarray

    def __len__(self) -> int:
        return len(self.life)


def draw(households: int, seed: int) -> World:
    """Draw a compound as in benchmarks/README.md."""
    rng, n = np.random.default_rng(seed), households
    spread = np.log1p((25 / 95) ** 2)
    area = rng.lognormal(np.log(95) - spread / 2, np.sqrt(spread), n)
    graph = nx.watts_strogatz_graph(n, 10, 0.05, seed=seed)
    ends = np.fromiter((end for edge in graph.edges for end in edge), np.int32).reshape(-1, 2)
    del graph
    source, target = np.concatenate([ends, ends[:, ::-1]]).T
    order = np.lexsort((target, source))
    return World(
        life=_shares(rng, n, 0.25, 0.25, (rules.YOUNG, rules.WORKING, rules.ELDERLY)),
        kind=_shares(rng, n, 0.5, 0.2, (rules.CONDITIONAL, rules.UNCONDITIONAL, rules.FREE_RIDER)),
        fee=np.rint(150 * area).astype(np.int64),
        burden=rng.beta(1.0, 4.0, n),
        taste=rng.normal(0.0, 0.2, n),
        satisfaction=rng.beta(4.5, 5.5, n),
        trust_firm=rng.beta(5.0, 5.0, n),
        grievance=rng.beta(0.5, 9.5, n),
        habit=rng.beta(8.0, 2.0, n),
        paid=_shares(rng, n, 0.15, 0.0, (0, 1, 1)),
        indptr=np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n))]),
        neighbours=np.ascontiguousarray(target[order]),
    )


def _shares(
    rng: np.random.Generator, n: int, front: float, back: float, codes: tuple[int, int, int]
) -> np.ndarray:
    code = np.full(n, codes[1], np.int8)
    order = rng.permutation(n)
    code[order[: round(front * n)]] = codes[0]
    code[order[n - round(back * n) :]] = codes[2]
    return code
