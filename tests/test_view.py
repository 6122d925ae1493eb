"""A model as others see it: a graph of networkx, agents with neighbours, and names an editor completes."""

from __future__ import annotations

import inspect

import networkx as nx
import numpy as np
import pytest

import sim
from sim.compose import load
from sim.errors import InputError
from sim.model import NeighborhoodModel
from sim.society.ties import Layer
from sim.world.tables import Households


@pytest.fixture(scope="module")
def model() -> NeighborhoodModel:
    """A small compound after half a year."""
    m = NeighborhoodModel(load("kangqiao", months=6, population={"households": 90, "buildings": 3}))
    m.run()
    return m


def test_the_graph_has_every_tie_once_as_it_is_now(model: NeighborhoodModel) -> None:
    """Catches ties left out or doubled, strengths of the start, or those of another tie."""
    graph, ties = model.to_networkx(), model.ties
    assert graph.number_of_nodes() == 90 and graph.number_of_edges() == len(ties.neighbour) / 2
    for row in range(90):
        for k in range(ties.indptr[row], ties.indptr[row + 1]):
            edge = graph.edges[row, int(ties.neighbour[k])]
            assert edge["strength"] == ties.strength[k] and edge["latent"] == ties.latent[k]
            assert edge["layer"] == Layer(ties.layer[k]).name.lower()
    assert (ties.strength != ties.latent).any(), "or it would not show which is which"


def test_nodes_have_the_columns_asked_for(model: NeighborhoodModel) -> None:
    """Catches attributes of another household, numpy's numbers that no file format takes, or more than asked."""
    graph = model.to_networkx(["satisfaction", "paid"])
    assert list(graph.nodes[7]) == ["satisfaction", "paid"]
    assert [
        graph.nodes[k]["satisfaction"] for k in range(90)
    ] == model.households.satisfaction.tolist()
    assert type(graph.nodes[0]["paid"]) is int
    assert set(model.to_networkx().nodes[0]) == set(Households.columns)
    assert model.to_networkx([]).nodes[0] == {}
    text = "\n".join(nx.generate_graphml(graph))
    assert nx.parse_graphml(text, node_type=int).number_of_edges() == graph.number_of_edges()
    with pytest.raises(
        InputError, match=r"columns: households have no 'payed'; did you mean paid or asked"
    ):
        model.to_networkx(["payed"])


def test_neighbours_are_those_of_the_graph(model: NeighborhoodModel) -> None:
    """Catches neighbours of another row, or copies that are no agents of the model."""
    graph, residents = model.to_networkx([]), model.residents
    for row in (0, 41, 89):
        found = residents[row].neighbours
        assert [one.row for one in found] == sorted(graph[row])
        assert all(one is residents[one.row] for one in found)
    some = residents[0].neighbours[0]
    some.grievance = 0.25
    assert model.households.grievance[some.row] == 0.25


def test_an_editor_completes_what_can_be_written(model: NeighborhoodModel) -> None:
    """Catches columns, tables and parameters that work and that nobody can find."""
    assert {"households", "firms", "ties", "signals", "month", "written_off_fen", "panel"} <= set(
        dir(model)
    )
    assert set(Households.columns) <= set(dir(model.residents[0]))
    compound, firm = model.compounds[0], model.world.firms[0]
    assert {*type(compound).columns, "firm", "committee", "spend"} <= set(dir(compound))
    assert {*type(firm).columns, "compound", "cash_fen"} <= set(dir(firm))
    assert {"fees", "turnover", "firm"} <= set(dir(compound.parameters))
    for shown in (model, compound, firm, compound.parameters):
        for name in dir(shown):
            if not name.startswith("_") and name not in ("agents_by_type", "agents"):
                getattr(shown, name)


def test_a_name_that_is_none_is_no_attribute(model: NeighborhoodModel) -> None:
    """Catches an editor, a copy or a test of hasattr that is told of a name that is not there."""
    for shown in (model, model.residents[0], model.compounds[0], model.world):
        assert not hasattr(shown, "satisfactoin")
    assert "world" not in dir(NeighborhoodModel.__new__(NeighborhoodModel))


@pytest.mark.parametrize("name", ["load", "run", "compare", "sweep"])
def test_what_a_notebook_calls_has_typed_keywords(name: str) -> None:
    """Catches a function whose keywords an editor can neither complete nor check."""
    given = inspect.signature(getattr(sim, name)).parameters
    assert all(one.annotation is not one.empty for one in given.values())
    expected = {
        "load": {"scenario", "policy", "config_dir"},
        "run": {"scenario", "out", "force", "model", "panel"},
        "compare": {"policies", "scenario", "withdraw", "threshold"},
        "sweep": {"scenario", "factors", "points", "out"},
    }
    assert expected[name] <= set(given)


def test_rows_are_plain_numbers(model: NeighborhoodModel) -> None:
    """Catches a resident whose numbers are numpy's, so that a rule in Python reckons another way."""
    resident = model.residents[3]
    assert type(resident.satisfaction) is float and type(resident.paid) is int
    assert np.isclose(resident.satisfaction, model.households.satisfaction[3])
