"""Ties: what the generators make, how a month changes them, and what is seen through them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from worlds import do, world

from sim.compose import load
from sim.errors import InputError
from sim.model import NeighborhoodModel
from sim.processes.neighbours import look_around, show
from sim.society.population import PopulationParameters, populate
from sim.society.ties import Layer, NetworkParameters, build_ties
from sim.streams import Streams
from sim.world.tables import Buildings, Households, Stage, Tenure, Ties
from sim.world.world import World

DRAWN = ("blocks", "watts_strogatz", "stochastic_block")
Society = tuple[Households, Buildings]


def society(*sizes: int, seed: int = 1, **changes: object) -> Society:
    changes.setdefault("buildings", 4)
    return populate([PopulationParameters(households=n, **changes) for n in sizes], Streams(seed))


def network(made: Society, seed: int = 1, **changes: object) -> Ties:
    return build_ties(NetworkParameters(**changes), *made, Streams(seed))


def measure_network(ties: Ties, building: np.ndarray) -> dict[str, float]:
    """Describe ties, whatever their strength, in the usual figures.

    Args:
        ties: The network.
        building: int32 (n,), building of each household: the partition for modularity.

    Returns:
        ``mean_degree``; ``clustering``, mean local coefficient as networkx's ``average_clustering``;
        ``modularity`` of the buildings (Newman and Girvan 2004); ``components``;
        ``mean_strength``, NaN without ties.
    """
    n = len(ties.indptr) - 1
    m = len(ties.neighbour)
    graph = csr_array((np.ones(m), ties.neighbour, ties.indptr), shape=(n, n))
    degree = np.diff(ties.indptr)
    closed = (graph @ graph).multiply(graph).sum(axis=1)
    possible = degree * (degree - 1)
    home = np.repeat(building, degree)
    inside = np.bincount(
        home, weights=home == building[ties.neighbour], minlength=int(building.max()) + 1
    )
    share = np.bincount(building, weights=degree) / max(m, 1)
    return {
        "mean_degree": m / n,
        "clustering": float(np.mean(np.where(possible > 0, closed / np.maximum(possible, 1), 0))),
        "modularity": float(np.sum(inside / max(m, 1) - share**2)),
        "components": int(connected_components(graph, directed=False)[0]),
        "mean_strength": float(ties.strength.mean()) if m else np.nan,
    }


def rows_of(ties: Ties) -> np.ndarray:
    return np.repeat(np.arange(len(ties.indptr) - 1), np.diff(ties.indptr))


def graph_of(ties: Ties) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(ties.indptr) - 1))
    graph.add_edges_from(zip(rows_of(ties).tolist(), ties.neighbour.tolist(), strict=True))
    return graph


def transposed(ties: Ties) -> np.ndarray:
    """For each entry the place of the same tie in the other row."""
    return np.lexsort((rows_of(ties), ties.neighbour))


def degree_in(ties: Ties, layer: Layer) -> float:
    return float(np.sum(ties.layer == layer)) / (len(ties.indptr) - 1)


@pytest.mark.parametrize("generator", DRAWN)
@pytest.mark.parametrize("sizes", [(400,), (150, 90, 12), (10,)])
def test_rows_are_sorted_and_both_directions_equal(generator: str, sizes: tuple[int]) -> None:
    """Catches a tie twice, to oneself, or of two strengths: rules look up and move both ends alike."""
    t = network(society(*sizes), generator=generator)
    row = rows_of(t)
    key = row.astype(np.int64) * (len(t.indptr) - 1) + t.neighbour
    assert np.all(np.diff(key) > 0), "sorted without duplicates"
    assert not np.any(row == t.neighbour), "nobody is tied to itself"
    other = transposed(t)
    assert np.array_equal(row[other], t.neighbour)
    for values in (t.strength, t.latent, t.layer):
        assert values[other].tobytes() == values.tobytes()
    assert (t.indptr.dtype, t.neighbour.dtype, t.layer.dtype) == (np.int64, np.int32, np.int8)


@pytest.mark.parametrize("generator", DRAWN)
def test_same_seed_same_bytes(generator: str) -> None:
    """Catches ties that hang on anything but the seed."""
    made = society(200, 100)
    a, b, c = (network(made, seed, generator=generator) for seed in (1, 1, 2))
    assert all(getattr(a, s).tobytes() == getattr(b, s).tobytes() for s in Ties.columns)
    assert a.neighbour.tobytes() != c.neighbour.tobytes()


def test_layers_of_blocks_have_their_degrees_and_places() -> None:
    """Catches a layer of another mean degree, or one that ties people who do not meet there."""
    made = society(*[1000] * 10, buildings=8)
    t = network(made)
    h = made[0]
    i, j = rows_of(t), t.neighbour
    assert degree_in(t, Layer.STAIR) == pytest.approx(4, rel=0.04)
    # A pair that is already tied by the stair is not counted again.
    assert degree_in(t, Layer.BUILDING) == pytest.approx(3 * 0.95, rel=0.06)
    assert degree_in(t, Layer.INTEREST) == pytest.approx(2, rel=0.06)
    assert degree_in(t, Layer.ACROSS) == pytest.approx(0.2, rel=0.1)
    stair, building, interest, across = (t.layer == layer for layer in Layer)
    assert np.all((h.stair[i] == h.stair[j])[stair])
    assert np.all(np.abs(i - j)[stair] <= 4)
    assert np.all((h.building[i] == h.building[j])[building])
    assert np.all((h.life[i] == h.life[j])[interest])
    assert np.all((h.compound[i] == h.compound[j])[interest])
    assert np.all((h.compound[i] != h.compound[j])[across])


def test_short_reach_clusters() -> None:
    """Catches stair ties that span the whole stair, so that friends of friends do not know each other."""
    only = {"building_degree": 0.0, "interest_degree": 0.0, "stair_degree": 4.0}
    made = society(2000, buildings=10)
    near, far = (
        measure_network(network(made, reach=reach, **only), made[0].building) for reach in (3, 30)
    )
    assert near["mean_degree"] == pytest.approx(far["mean_degree"], rel=0.05)
    assert near["clustering"] > 0.35 > 3 * far["clustering"] / 2


def test_across_ties_join_a_city() -> None:
    """Catches compounds that stay apart, or that are joined unasked."""
    made = society(*[60] * 20)
    apart = measure_network(network(made, across_degree=0.0), made[0].building)
    joined = measure_network(network(made, across_degree=1.0), made[0].building)
    assert apart["components"] >= 20
    assert joined["components"] <= 3


@pytest.mark.parametrize("rewire", [0.0, 0.05, 0.3, 1.0])
def test_small_world_is_the_kind_networkx_makes(rewire: float) -> None:
    """Catches a rewiring that leaves too much or too little of the ring."""
    made = society(1000)
    ours = network(made, generator="watts_strogatz", ws_degree=10, ws_rewire=rewire)
    theirs = nx.connected_watts_strogatz_graph(1000, 10, rewire, seed=3)
    a = measure_network(ours, made[0].building)
    assert a["mean_degree"] == 10.0
    assert a["clustering"] == pytest.approx(nx.average_clustering(theirs), abs=0.02)
    ring = np.abs(rows_of(ours) - ours.neighbour)
    kept = np.mean(np.minimum(ring, 1000 - ring) <= 5)
    assert kept == pytest.approx(1 - rewire, abs=0.03)
    spread = np.std([d for _, d in theirs.degree()])
    assert np.diff(ours.indptr).std() == pytest.approx(spread, abs=0.15)


def test_rewiring_keeps_the_left_end() -> None:
    """As networkx: who owns a right-hand tie keeps it, so no degree falls below k / 2."""
    t = network(society(500), generator="watts_strogatz", ws_degree=8, ws_rewire=1.0)
    assert np.diff(t.indptr).min() >= 4


def test_a_ring_in_a_tiny_compound_is_complete() -> None:
    """Catches a search without end for somebody not yet tied."""
    made = society(11, buildings=2)
    t = network(made, generator="watts_strogatz", ws_degree=40, ws_rewire=0.5)
    assert np.all(np.diff(t.indptr) == 10)


def test_stochastic_blocks_have_their_degrees_and_modularity() -> None:
    """Catches ties within buildings counted among those between them."""
    made = society(4000, buildings=20)
    t = network(made, generator="stochastic_block", sbm_within=7.0, sbm_between=2.0)
    same = made[0].building[rows_of(t)] == made[0].building[t.neighbour]
    assert same.sum() / 4000 == pytest.approx(7.0, rel=0.04)
    assert (~same).sum() / 4000 == pytest.approx(2.0, rel=0.08)
    found = measure_network(t, made[0].building)
    assert found["modularity"] == pytest.approx(7 / 9 - 1 / 20, abs=0.02)
    degree = np.diff(t.indptr)
    assert degree.var() == pytest.approx(degree.mean(), rel=0.12), "Poisson degrees"


@pytest.mark.parametrize("generator", DRAWN)
def test_measures_agree_with_networkx(generator: str) -> None:
    """Catches a figure of the network that is called as in the literature and is another."""
    made = society(300, 60, seed=5)
    t = network(made, generator=generator)
    graph = graph_of(t)
    groups = [set(np.flatnonzero(made[0].building == b).tolist()) for b in range(8)]
    found = measure_network(t, made[0].building)
    assert found["clustering"] == pytest.approx(nx.average_clustering(graph))
    assert found["modularity"] == pytest.approx(nx.community.modularity(graph, groups))
    assert found["components"] == nx.number_connected_components(graph)
    assert found["mean_degree"] == pytest.approx(2 * graph.number_of_edges() / 360)
    assert found["mean_strength"] == pytest.approx(t.strength.mean())


def test_strengths_follow_the_shares_and_factors() -> None:
    """Catches shares of chat taken in another order, and factors of another layer."""
    t = network(society(5000, vacant_share=0.0), factor_stair=0.5)
    stair = t.latent[t.layer == Layer.STAIR]
    levels, counts = np.unique(stair, return_counts=True)
    assert levels.tolist() == [0.025, 0.125, 0.3, 0.5]
    assert np.allclose(counts / counts.sum(), [0.805, 0.077, 0.061, 0.057], atol=0.02)
    assert np.array_equal(t.strength, t.latent)
    factors = [t.latent[t.layer == layer].max() for layer in list(Layer)[:3]]
    assert factors == [0.5, 0.8, 0.8]


def test_vacant_units_keep_only_latent_ties() -> None:
    """Catches ties of nobody, and a unit that has no neighbours once it is sold."""
    made = society(400, vacant_share=0.3)
    t = network(made)
    vacant = made[0].tenure == Tenure.VACANT
    off = vacant[rows_of(t)] | vacant[t.neighbour]
    assert off.any()
    assert np.array_equal(t.strength, np.where(off, 0.0, t.latent))
    assert np.all(t.latent > 0)


def test_no_degrees_make_no_ties() -> None:
    """Catches a network that needs ties: figures of none are 0."""
    made = society(50)
    t = network(made, stair_degree=0.0, building_degree=0.0, interest_degree=0.0)
    assert len(t.neighbour) == 0
    found = measure_network(t, made[0].building)
    assert (found["mean_degree"], found["clustering"], found["components"]) == (0.0, 0.0, 50)


def test_own_ties_come_from_the_file(tmp_path: Path) -> None:
    """Numbers in the file are the household file's rows, wherever those stand after sorting."""
    homes = [f"{'ABAB'[k % 4]},{k % 4 // 2},{9 - k // 4}" for k in range(12)]
    own = tmp_path / "own.csv"
    own.write_text(
        "building,stair,floor,area_m2\n"
        + "".join(f"{line},{k + 50}\n" for k, line in enumerate(homes))
    )
    edges = tmp_path / "edges.csv"
    edges.write_text(
        "source,target,strength,layer\n11,0,0.5,interest\n0,4,,\n".replace(",,", ",0.1,stair")
    )
    made = populate([PopulationParameters(household_file=str(own), vacant_share=0.0)], Streams(1))
    t = network(made, generator="file", file=str(edges))
    label = (made[0].area - 50).astype(int)
    found = {
        (int(label[i]), int(label[j])): (s, k)
        for i, j, s, k in zip(rows_of(t), t.neighbour, t.strength, t.layer, strict=True)
    }
    assert found == {
        (0, 11): (0.5, Layer.INTEREST),
        (11, 0): (0.5, Layer.INTEREST),
        (0, 4): (0.1, Layer.STAIR),
        (4, 0): (0.1, Layer.STAIR),
    }
    edges.write_text("source,target\n0,12\n")
    with pytest.raises(InputError, match="row 2: target"):
        network(made, generator="file", file=str(edges))


def test_a_file_that_says_nothing_gets_layers_by_place_and_drawn_strengths(tmp_path: Path) -> None:
    """Catches ties of a file without strength that are all alike, or of a layer where the two do not live."""
    made = society(40, 40, buildings=2, vacant_share=0.0)
    path = tmp_path / "edges.csv"
    path.write_text("source,target\n0,1\n0,19\n0,39\n79,0\n")
    t = network(made, generator="file", file=str(path))
    assert t.layer[:4].tolist() == [Layer.STAIR, Layer.BUILDING, Layer.INTEREST, Layer.ACROSS]
    assert t.neighbour[:4].tolist() == [1, 19, 39, 79]
    assert np.all((t.latent > 0) & (t.latent <= 1))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"generator": "ring"}, "generator"),
        ({"generator": "file"}, "file"),
        ({"file": "ties.csv"}, "generator"),
        ({"share_daily": 0.95}, "share_daily"),
        ({"ws_rewire": 1.1}, "ws_rewire"),
        ({"reach": 0}, "reach"),
        ({"degree": 3}, "degree"),
    ],
)
def test_bad_parameters_are_refused_by_name(changes: dict[str, float], key: str) -> None:
    """Catches a message that does not name the key."""
    with pytest.raises(ValidationError, match=key):
        NetworkParameters(**changes)


# --- the month ------------------------------------------------------------------------------------

RULE = {"newcomer": 0.05, "forget": 0.1, "meet": 0.2}
SEEN = [name for name in Households.columns if name.startswith("seen_")]


def path_of_three(**columns: object) -> World:
    """Three households in a row, whose ties are stronger once they have long not met."""
    w = world(ties=np.array([[0, 0.2, 0], [0.2, 0, 0.6], [0, 0.6, 0]]), network=RULE, **columns)
    w.ties.latent[:] = (0.4, 0.4, 0.5, 0.5)
    return w


def look(w: World) -> None:
    """Everybody looks around, and ties stay as they are."""
    w.ties_change = 0
    do(w, "show", "look_around")


def month(w: World) -> None:
    """Everybody looks around, and ties move on by a month."""
    w.ties_change = 1
    do(w, "show", "look_around")


@cache
def district() -> World:
    """Two compounds with vacant units."""
    config = load(
        policy="none", network=RULE, district={"compounds": 2, "size_spread": 0.3},
        population={"households": 150, "buildings": 4, "vacant_share": 0.1},
    )  # fmt: skip
    return NeighborhoodModel(config, seed=1).world


def stirred(seed: int) -> World:
    """The district in a random state."""
    w = district().copy()
    h, rng = w.households, np.random.default_rng(seed)
    for name, top in (("moved", 2), ("attended", 2), ("intends", 2), ("misuse", 2), ("stage", 5)):
        getattr(h, name)[:] = rng.integers(0, top, len(h))
    h.moved[rng.random(len(h)) < 0.8] = 0
    return w


def test_path_of_three_sees_weighted_means() -> None:
    """Catches a neighbour who counts other than by the tie, or shows something else."""
    w = path_of_three(
        satisfaction=[1.0, 0.3, 0.2], intends=[1, 0, 0], member=[1, 0, 0], misuse=[0, 0, 1],
        stage=[Stage.OPEN_CONFLICT, Stage.TELLS_FIRM, Stage.CALLS_HOTLINE],
    )  # fmt: skip
    look(w)
    h = w.households.rows(0, 3)
    assert h.seen_satisfaction == pytest.approx([0.3, (0.2 * 1 + 0.6 * 0.2) / 0.8, 0.3])
    assert h.seen_paid == pytest.approx([0, 0.25, 0])
    assert h.seen_misuse == pytest.approx([0, 0.75, 0])
    assert h.seen_conflict == pytest.approx([0, 1, 0])
    assert h.seen_open == pytest.approx([0, 0.25, 0])


def test_a_member_who_pays_counts_more_where_members_lead() -> None:
    """Catches a lead that weighs nothing, or members who neither paid nor mean to."""
    w = path_of_three(intends=[1, 0, 0], member=[1, 0, 0])
    w.signals["lead"] = 2.0
    look(w)
    assert w.households.seen_paid[1] == pytest.approx(0.2 * 3 / (0.2 * 3 + 0.6))


def test_without_strength_one_sees_oneself() -> None:
    """Catches a division by nothing, and neighbours seen through ties of no strength."""
    columns = {"satisfaction": [0.1, 0.2, 0.3], "norm": [0.7, 0.8, 0.9]}
    w = path_of_three(stage=Stage.OPEN_CONFLICT, misuse=1, **columns)
    w.ties.strength[:] = 0.0
    w.signals["lead"] = 1.0
    look(w)
    h = w.households
    assert np.array_equal(h.seen_satisfaction, h.satisfaction)
    assert np.array_equal(h.seen_paid, h.norm)
    for seen in (h.seen_misuse, h.seen_conflict, h.seen_open):
        assert not seen.any()


def test_ties_drift_meet_reset_and_rest() -> None:
    """Catches a tie that fades from what it is, grows by one who came alone, or outlives its people."""
    w = path_of_three()
    month(w)
    assert w.ties.strength == pytest.approx([0.22, 0.22, 0.59, 0.59])
    w = path_of_three(attended=[1, 1, 0])
    month(w)
    assert w.ties.strength == pytest.approx([0.22 + 0.2 * 0.8, 0.22 + 0.2 * 0.8, 0.59, 0.59])
    w.households.moved[0] = 1
    month(w)
    assert w.ties.strength[:2].tolist() == [0.05, 0.05]
    w.households.tenure[2] = Tenure.VACANT
    month(w)
    assert w.ties.strength[2:].tolist() == [0.0, 0.0]
    assert w.ties.latent.tolist() == [0.4, 0.4, 0.5, 0.5]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    forget=st.floats(0, 1),
    meet=st.floats(0, 1),
    newcomer=st.floats(0, 1),
    lead=st.floats(0, 50),
)
def test_strengths_and_views_stay_in_bounds_and_symmetric(
    seed: int, forget: float, meet: float, newcomer: float, lead: float
) -> None:
    """Catches a tie that is stronger from one end, and shares beyond 1."""
    w = stirred(seed)
    for name, value in (("forget", forget), ("meet", meet), ("newcomer", newcomer)):
        w.p_network[name] = value
    t, h, other = w.ties, w.households, transposed(w.ties)
    for _ in range(3):
        month(w)
        assert np.all((t.strength >= 0) & (t.strength <= 1))
        assert t.strength[other].tobytes() == t.strength.tobytes()
    w.signals["lead"] = (lead, 0.0)
    look(w)
    for name in SEEN:
        seen = getattr(h, name)
        assert np.all((seen >= 0) & (seen <= 1)), name
    assert np.all(h.seen_open <= h.seen_conflict)


def test_parts_of_the_rows_give_the_bytes_of_the_whole() -> None:
    """Catches what threads would change: a row that reads what another writes."""
    whole = stirred(3)
    whole.signals["lead"] = (1.5, 0.3)
    parts, n = whole.copy(), len(whole.households)
    cut = 2 * n // 3
    for change in (0, 1):
        whole.ties_change = parts.ties_change = change
        do(whole, "show", "look_around")
        show.run(parts, 0, n)
        for name in SEEN:
            getattr(parts.households, name)[:] = -1.0
        for first, last in ((cut, n), (0, cut)):
            look_around.run(parts, first, last)
        assert whole.ties.strength.tobytes() == parts.ties.strength.tobytes()
        for name in SEEN:
            mine, other = getattr(whole.households, name), getattr(parts.households, name)
            assert mine.tobytes() == other.tobytes(), name
