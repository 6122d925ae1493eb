"""Ties between neighbours: who could know whom (latent), and how well they know each other now.

Ties are undirected and stored in both directions in compressed rows. Four layers: the stair (daily
contact), the building, shared life stage in the compound, and a few ties across compounds. A
chat group is a broadcast and no tie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Literal

import numpy as np
from pydantic import model_validator

from sim.compiled import inlined, kernel
from sim.schema import Parameters, fraction, monthly, param
from sim.streams import Stream, Streams
from sim.world.tables import Buildings, Households, Tenure, Ties

SHANGHAI = (
    "of people 27% chat with a neighbour daily, 29% weekly, 20% more rarely, 24% never (Shanghai, grade F); "
    "shares of some nine ties each, of which the strongest gives these"
)
WATTS_STROGATZ = "Watts and Strogatz 1998, doi 10.1038/30918"


class Layer(IntEnum):
    """What brings two households together."""

    STAIR = 0
    BUILDING = 1
    INTEREST = 2
    ACROSS = 3


class NetworkParameters(Parameters):
    """Which households can know each other, how well, and how ties form and fade."""

    generator: Literal["blocks", "watts_strogatz", "stochastic_block", "file"] = param(
        "blocks", "How ties are made", unit="name", zh="网络生成方式"
    )
    file: str = param(
        "", "Table (csv, xlsx ...) or graph (GraphML, GEXF, Pajek) with the user's own ties (generator: file)",
        unit="path", zh="邻里关系文件",
    )  # fmt: skip
    stair_degree: float = param(
        4.0, "Mean ties within the stair (blocks)", unit="tie", low=0, high=50, zh="单元内平均联系数",
    )  # fmt: skip
    reach: int = param(
        4, "Units away in stair order that a stair tie may span; small values cluster", unit="unit", low=1, high=100,
        zh="单元联系跨度",
    )  # fmt: skip
    building_degree: float = param(
        3.0, "Mean ties within the building (blocks)", unit="tie", low=0, high=50, zh="楼栋内平均联系数",
    )  # fmt: skip
    interest_degree: float = param(
        2.0, "Mean ties within the same life stage of the compound (blocks)", unit="tie", low=0, high=50,
        zh="同龄兴趣平均联系数",
    )  # fmt: skip
    across_degree: float = param(
        0.2, "Mean ties to other compounds (all generators but file)", unit="tie", low=0, high=20,
        zh="跨小区平均联系数",
    )  # fmt: skip
    ws_degree: int = param(
        10, "Ties of each household on the ring; odd counts as one less (watts_strogatz)", unit="tie", low=2, high=100,
        zh="小世界平均度", source=WATTS_STROGATZ,
    )  # fmt: skip
    ws_rewire: float = fraction(
        0.05, "Chance that a tie on the ring is rewired (watts_strogatz)", zh="小世界重连概率", source=WATTS_STROGATZ,
    )  # fmt: skip
    sbm_within: float = param(
        7.0, "Mean ties within the building (stochastic_block)", unit="tie", low=0, high=100, zh="分块模型楼内平均度",
    )  # fmt: skip
    sbm_between: float = param(
        2.0, "Mean ties to other buildings of the compound (stochastic_block)", unit="tie", low=0, high=100,
        zh="分块模型楼间平均度",
    )  # fmt: skip
    share_daily: float = fraction(
        0.057, "Share of ties with daily chat; the rest never does", zh="每天聊天比例", source=SHANGHAI,
    )  # fmt: skip
    share_weekly: float = fraction(
        0.061, "Share of ties with weekly chat; the rest never does", zh="每周聊天比例", source=SHANGHAI,
    )  # fmt: skip
    share_rarely: float = fraction(
        0.077, "Share of ties with rarer chat; the rest never does", zh="偶尔聊天比例", source=SHANGHAI,
    )  # fmt: skip
    strength_daily: float = fraction(
        1.0, "Strength of a tie with daily chat", zh="每天聊天的关系强度"
    )
    strength_weekly: float = fraction(
        0.6, "Strength of a tie with weekly chat", zh="每周聊天的关系强度"
    )
    strength_rarely: float = fraction(
        0.25, "Strength of a tie with rarer chat", zh="偶尔聊天的关系强度"
    )
    strength_never: float = fraction(
        0.05, "Strength of a tie without chat: known by sight", zh="不聊天的关系强度"
    )
    factor_stair: float = fraction(
        1.0, "Strength of stair ties relative to the chat", zh="单元关系系数"
    )
    factor_building: float = fraction(
        0.8, "Strength of building ties relative to the chat", zh="楼栋关系系数"
    )
    factor_interest: float = fraction(
        0.8, "Strength of interest ties relative to the chat", zh="兴趣关系系数"
    )
    factor_across: float = fraction(
        0.5, "Strength of ties across compounds relative to the chat", zh="跨小区关系系数"
    )
    newcomer: float = fraction(
        0.05, "Strength of all ties of a household that has just moved in", zh="新住户关系强度"
    )
    forget: float = monthly(0.05, "Pull of a tie back to its latent strength", zh="关系回归速度")
    meet: float = param(
        0.1, "Share of the missing strength that one shared meeting gives", unit="1/meeting", low=0, high=1,
        zh="共同参会的关系增益",
    )  # fmt: skip

    @model_validator(mode="after")
    def _consistent(self) -> NetworkParameters:
        total = self.share_daily + self.share_weekly + self.share_rarely
        if total > 1 + 1e-9:
            raise ValueError(
                f"share_daily, share_weekly and share_rarely together are {total:g}; "
                "allowed: at most 1"
            )
        if (self.generator == "file") != bool(self.file):
            raise ValueError(
                f"generator is {self.generator!r} and file is {self.file!r}; "
                "allowed: a file with generator file, and only with it"
            )
        return self


_Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Candidate ties: two rows and a layer, arrays of one length; either order, repeats allowed."""


def build_ties(
    parameters: NetworkParameters,
    households: Households,
    buildings: Buildings,
    streams: Streams,
    rooms_of: Callable[[], Sequence[str] | None] | None = None,
) -> Ties:
    """Make the ties of all compounds.

    - ``blocks``: stair ties between units at most ``reach`` places apart (same landing and next
      floors, so they cluster), random ties in the building, random ties in the same life stage of
      the compound. A pair met in two layers is one tie of the first, so mean degree is a few per
      cent below the sum of the layers' degrees.
    - ``watts_strogatz``: one ring per compound in row order, rewired by the rule of networkx's
      ``watts_strogatz_graph``: ring distance by ring distance, each right-hand tie with chance
      ``ws_rewire`` goes to a uniform household that is neither itself nor already tied. Same
      rule, other random numbers: the same kind of graph, not the same graph.
    - ``stochastic_block``: blocks are buildings; the sparse (Poisson) form of the model.
    - ``file``: the user's own pairs.

    All but ``file`` add random ties across compounds. Layers the generator does not set follow
    from place: same stair, same building, same compound, other.

    Args:
        parameters: Generator, degrees and strengths.
        households: Rows to tie; stair, building, compound, life, tenure and file_row are read.
        buildings: Ranges of buildings and compounds.
        streams: Random numbers; set-up draws of ``Stream.TIES``.
        rooms_of: Gives the room of each household of a file, for ties that name rooms.

    Returns:
        The ties, with strength at its latent level, or 0 where a unit is vacant.

    Raises:
        InputError: A file of ties that cannot be used.
    """
    rng = streams.generator(Stream.TIES)
    given = None
    if parameters.generator == "blocks":
        pairs = _blocks(parameters, households, buildings, rng)
    elif parameters.generator == "watts_strogatz":
        pairs = _small_world(parameters, households, buildings, rng)
    elif parameters.generator == "stochastic_block":
        pairs = _stochastic_block(parameters, households, buildings, rng)
    else:
        pairs, given = _from_file(parameters.file, households, rooms_of)
    if given is None and buildings.number_of_compounds > 1:
        pairs.append(_across(parameters.across_degree, households, buildings, rng))
    low, high, layer = _unique(pairs, len(households))
    latent = _latent(parameters, layer, rng)
    if given is not None:
        # Unique pairs come in the order low, high; the file's pairs are put in the same order.
        latent = np.where(np.isnan(given), latent, given)
    return _compress(len(households), low, high, layer, latent, households.tenure)


def _blocks(
    p: NetworkParameters, h: Households, buildings: Buildings, rng: np.random.Generator
) -> list[_Pairs]:
    start, end = (
        np.repeat(bound, buildings.end - buildings.start)
        for bound in (buildings.start, buildings.end)
    )
    near = _random_pairs(rng, p.building_degree, start, end)
    # Interest groups are ranges too once rows are ordered by compound and life stage.
    group = h.compound.astype(np.int64) * 3 + h.life
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.searchsorted(ordered, ordered, side="left")
    last = np.searchsorted(ordered, ordered, side="right")
    alike = _random_pairs(rng, p.interest_degree, first, last)
    return [
        _labelled(*_stair_pairs(p.stair_degree, p.reach, h.stair, rng), Layer.STAIR),
        _labelled(*near, Layer.BUILDING),
        _labelled(order[alike[0]], order[alike[1]], Layer.INTEREST),
    ]


def _stair_pairs(
    degree: float, reach: int, stair: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Each pair within reach is tied with one chance per stair, set to give the mean degree."""
    size = np.bincount(stair)
    within = sum(np.maximum(size - d, 0) for d in range(1, reach + 1))
    chance = np.minimum(size * degree / 2.0 / np.maximum(within, 1), 1.0)
    low = []
    high = []
    for d in range(1, reach + 1):
        u = rng.random(len(stair))[: max(len(stair) - d, 0)]
        found = np.flatnonzero((stair[: len(u)] == stair[d:]) & (u < chance[stair[: len(u)]]))
        low.append(found)
        high.append(found + d)
    return np.concatenate(low), np.concatenate(high)


def _random_pairs(
    rng: np.random.Generator,
    degree: float,
    start: np.ndarray,
    end: np.ndarray,
    skip_start: np.ndarray | None = None,
    skip_end: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Random ties of each row i to rows in ``start[i]:end[i]`` but not ``skip_start:skip_end``.

    Each row begins a Poisson number of ties with mean degree / 2 and is chosen as often by others.
    """
    rows = np.arange(len(start))
    skip_start = rows if skip_start is None else skip_start
    skip_end = rows + 1 if skip_end is None else skip_end
    open_to = (end - start) - (skip_end - skip_start)
    source = np.repeat(rows, np.where(open_to > 0, rng.poisson(degree / 2.0, len(rows)), 0))
    target = start[source] + (rng.random(len(source)) * open_to[source]).astype(np.int64)
    target += np.where(target >= skip_start[source], (skip_end - skip_start)[source], 0)
    return source, target


def _labelled(i: np.ndarray, j: np.ndarray, layer: Layer) -> _Pairs:
    return i, j, np.full(len(i), layer, dtype=np.int8)


def _compound_range(h: Households, b: Buildings) -> tuple[np.ndarray, np.ndarray]:
    return b.compound_start[h.compound], b.compound_end[h.compound]


def _across(degree: float, h: Households, buildings: Buildings, rng: np.random.Generator) -> _Pairs:
    everyone = np.zeros(len(h), dtype=np.int64)
    pairs = _random_pairs(rng, degree, everyone, everyone + len(h), *_compound_range(h, buildings))
    return _labelled(*pairs, Layer.ACROSS)


def _stochastic_block(
    p: NetworkParameters, h: Households, buildings: Buildings, rng: np.random.Generator
) -> list[_Pairs]:
    start, end = buildings.start[h.building], buildings.end[h.building]
    within = _random_pairs(rng, p.sbm_within, start, end)
    between = _random_pairs(rng, p.sbm_between, *_compound_range(h, buildings), start, end)
    return [_by_place(h, *within), _by_place(h, *between)]


def _small_world(
    p: NetworkParameters, h: Households, buildings: Buildings, rng: np.random.Generator
) -> list[_Pairs]:
    pairs = []
    for start, end in zip(buildings.compound_start, buildings.compound_end, strict=True):
        size = int(end - start)
        half = min(p.ws_degree, size - 1) // 2
        target = _ring(size, half, p.ws_rewire, rng)
        source = np.repeat(np.arange(size), half)
        pairs.append(_by_place(h, source + start, target.ravel() + start))
    return pairs


@kernel
def _ring(size, half, rewire, rng):  # type: ignore[no-untyped-def]
    # target[u, d] is the other end of the tie that u owns at ring distance d + 1, so whether two
    # are tied is seen in their two short rows and no set of ties is needed.
    target = np.empty((size, half), np.int64)
    degree = np.full(size, 2 * half)
    for u in range(size):
        for d in range(half):
            target[u, d] = (u + d + 1) % size
    for d in range(half):
        for u in range(size):
            if rng.random() >= rewire or degree[u] >= size - 1:
                continue
            w = int(rng.random() * size)
            while w == u or _owns(target, u, w) or _owns(target, w, u):
                w = int(rng.random() * size)
            degree[target[u, d]] -= 1
            degree[w] += 1
            target[u, d] = w
    return target


@inlined
def _owns(target, u, w):  # type: ignore[no-untyped-def]
    found = False
    for d in range(target.shape[1]):
        found |= target[u, d] == w
    return found


def _from_file(
    path: str, h: Households, rooms_of: Callable[[], Sequence[str] | None] | None
) -> tuple[list[_Pairs], np.ndarray]:
    """Pairs of the file in rows of ``h``, and their strengths in the order low row, high row."""
    from sim.society.edges import read_edges  # Brings pandas, which drawing does not need.

    edges = read_edges(path, len(h), rooms_of=rooms_of)
    row = np.empty(len(h), dtype=np.int64)
    row[h.file_row] = np.arange(len(h))
    i, j = row[edges.i], row[edges.j]
    order = np.lexsort((np.maximum(i, j), np.minimum(i, j)))
    i, j, place = _by_place(h, i[order], j[order])
    layer = np.where(edges.layer[order] < 0, place, edges.layer[order])
    return [(i, j, layer)], edges.strength[order]


def _by_place(h: Households, i: np.ndarray, j: np.ndarray) -> _Pairs:
    layer = np.full(len(i), Layer.ACROSS, dtype=np.int8)
    layer[h.compound[i] == h.compound[j]] = Layer.INTEREST
    layer[h.building[i] == h.building[j]] = Layer.BUILDING
    layer[h.stair[i] == h.stair[j]] = Layer.STAIR
    return i, j, layer


def _unique(pairs: list[_Pairs], n: int) -> _Pairs:
    """Each pair once, low row first, sorted; a pair found in two layers keeps the first."""
    i, j, layer = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    return _sort_pairs(i, j, layer, n)


@kernel
def _sort_pairs(i, j, layer, n):  # type: ignore[no-untyped-def]
    # Counting sort by low row, then insertion into short rows: linear, where a general sort of
    # some millions of keys would take most of the time of a build.
    m = len(i)
    end = np.zeros(n + 1, np.int64)
    for e in range(m):
        end[min(i[e], j[e]) + 1] += 1
    for v in range(n):
        end[v + 1] += end[v]
    start = end[:-1].copy()
    filled = start.copy()
    high = np.empty(m, np.int32)
    kind = np.empty(m, np.int8)
    for e in range(m):
        low, other = min(i[e], j[e]), max(i[e], j[e])
        at = filled[low]
        while at > start[low] and high[at - 1] > other:
            at -= 1
        if at > start[low] and high[at - 1] == other:
            kind[at - 1] = min(kind[at - 1], layer[e])
            continue
        for k in range(filled[low], at, -1):
            high[k], kind[k] = high[k - 1], kind[k - 1]
        high[at], kind[at] = other, layer[e]
        filled[low] += 1
    return _pack(n, start, filled, high, kind)


@kernel
def _pack(n, start, filled, high, kind):  # type: ignore[no-untyped-def]
    total = 0
    for v in range(n):
        total += filled[v] - start[v]
    low_out = np.empty(total, np.int32)
    high_out = np.empty(total, np.int32)
    kind_out = np.empty(total, np.int8)
    at = 0
    for v in range(n):
        for k in range(start[v], filled[v]):
            low_out[at], high_out[at], kind_out[at] = v, high[k], kind[k]
            at += 1
    return low_out, high_out, kind_out


def _latent(p: NetworkParameters, layer: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    bounds = np.cumsum([p.share_daily, p.share_weekly, p.share_rarely])
    levels = np.array([p.strength_daily, p.strength_weekly, p.strength_rarely, p.strength_never])
    factor = np.array([p.factor_stair, p.factor_building, p.factor_interest, p.factor_across])
    chat = np.searchsorted(bounds, rng.random(len(layer)), side="right")
    return np.asarray(levels[chat] * factor[layer])


@kernel
def _mirror(n, low, high, layer, latent):  # type: ignore[no-untyped-def]
    indptr = np.zeros(n + 1, np.int64)
    m = len(low)
    for e in range(m):
        indptr[low[e] + 1] += 1
        indptr[high[e] + 1] += 1
    for v in range(n):
        indptr[v + 1] += indptr[v]
    filled = indptr[:-1].copy()
    neighbour = np.empty(2 * m, np.int32)
    both = np.empty(2 * m)
    kind = np.empty(2 * m, np.int8)
    # Pairs come sorted, and a row's lower neighbours go before its higher ones: rows end sorted.
    for e in range(m):
        at = filled[high[e]]
        neighbour[at], both[at], kind[at] = low[e], latent[e], layer[e]
        filled[high[e]] += 1
    for e in range(m):
        at = filled[low[e]]
        neighbour[at], both[at], kind[at] = high[e], latent[e], layer[e]
        filled[low[e]] += 1
    return indptr, neighbour, both, kind


def _compress(
    n: int,
    low: np.ndarray,
    high: np.ndarray,
    layer: np.ndarray,
    latent: np.ndarray,
    tenure: np.ndarray,
) -> Ties:
    indptr, neighbour, both, kind = _mirror(n, low, high, layer, latent)
    lived_in = tenure != Tenure.VACANT
    degree = np.diff(indptr)
    strength = both * (np.repeat(lived_in, degree) & lived_in[neighbour])
    ties = Ties(0)
    ties.indptr, ties.neighbour, ties.layer = indptr, neighbour, kind
    ties.strength, ties.latent = strength, both
    return ties
