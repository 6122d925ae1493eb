"""Random numbers: the published generator, and draws that depend on nothing but their address."""

from __future__ import annotations

import numpy as np
import pytest

from sim.streams import LANES, LARGEST_SEED, Stream, Streams, philox

N = 20_000

# Counter, key and result as in Random123's file kat_vectors (philox4x32, 10 rounds).
KNOWN = {
    "zeros": ("00000000 00000000 00000000 00000000", "00000000 00000000",
              "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    "ones": ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
             "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    "pi": ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
           "d16cfe09 94fdcceb 5001e420 24126ea1"),
}  # fmt: skip


def words(text: str) -> list[np.uint64]:
    return [np.uint64(int(word, 16)) for word in text.split()]


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize("case", KNOWN)
def test_philox_gives_the_authors_known_answers(case: str) -> None:
    """Catches a wrong constant, number of rounds or order of words."""
    counter, key, answer = KNOWN[case]
    assert list(map(int, philox(*words(counter), *words(key)))) == list(map(int, words(answer)))


def test_uniform_places_seed_stream_month_and_row_in_their_words() -> None:
    """Catches a swap of month and row, or of seed and stream, between set-up and kernel."""
    u = Streams(77).uniform(Stream.FEES, 5, 4, 4)
    one = np.uint64
    raw = philox(one(3), one(5), one(0), one(0), one(77), one(int(Stream.FEES)))
    assert u[:, 3].tolist() == [(int(word) + 0.5) * 2.0**-32 for word in raw]


def test_draws_are_uniform_and_never_0_or_1() -> None:
    """Catches a scale that leaves out a part of the interval or lets a bound in."""
    u = Streams(1).uniform(Stream.FEES, 3, N, LANES)
    assert u.min() > 0.0 and u.max() < 1.0
    for lane in u:
        counts = np.histogram(lane, bins=50, range=(0.0, 1.0))[0]
        chi2 = float(((counts - N / 50) ** 2 / (N / 50)).sum())
        assert 20.0 < chi2 < 94.0, "49 degrees of freedom; outside has a chance below 1 in 5,000"


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ((Stream.CONFLICT, 3, 1), "another stream"),
        ((Stream.FEES, 4, 1), "the next month"),
        ((Stream.FEES, -3, 1), "the month mirrored"),
        ((Stream.FEES, 3, 2), "another seed"),
    ],
)
def test_streams_months_and_seeds_are_unrelated(other: tuple[Stream, int, int], what: str) -> None:
    """Catches an address of which a part is lost, so that two draws are one."""
    stream, month, seed = other
    mine = Streams(1).uniform(Stream.FEES, 3, N)[0]
    theirs = Streams(seed).uniform(stream, month, N)[0]
    assert abs(correlation(mine, theirs)) < 5 / np.sqrt(N), what
    assert not np.any(mine == theirs) or np.mean(mine == theirs) < 1e-3


def test_rows_and_lanes_are_unrelated() -> None:
    """Catches lanes that repeat each other and rows that follow from the row before."""
    u = Streams(1).uniform(Stream.FEES, 3, N, LANES)
    for a in range(LANES):
        assert abs(correlation(u[a, :-1], u[a, 1:])) < 5 / np.sqrt(N)
        for b in range(a):
            assert abs(correlation(u[a], u[b])) < 5 / np.sqrt(N)


def test_every_pair_of_streams_differs() -> None:
    """Catches two mechanisms that were given one number."""
    assert len(Stream.__members__) == len(set(Stream)), "no alias"
    drawn = {Streams(1).uniform(stream, 0, 1)[0, 0] for stream in Stream}
    assert len(drawn) == len(Stream)


@pytest.mark.parametrize("lanes", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [1, 7, 1000])
def test_a_rows_draw_depends_on_neither_n_nor_lanes(n: int, lanes: int) -> None:
    """Catches a generator that is used up: a household's luck then hangs on who else drew."""
    whole = Streams(9).uniform(Stream.TURNOVER, 12, 1000, LANES)
    part = Streams(9).uniform(Stream.TURNOVER, 12, n, lanes)
    assert np.array_equal(part, whole[:lanes, :n])


@pytest.mark.parametrize("first", [1, 17, 900])
def test_a_slice_of_rows_gets_the_draws_of_its_rows(first: int) -> None:
    """Catches rows of one compound counted from 0, so that compounds share their luck."""
    whole = Streams(9).uniform(Stream.ASSEMBLY, 12, 1000, 2)
    part = Streams(9).uniform(Stream.ASSEMBLY, 12, 50, 2, first=first)
    assert np.array_equal(part, whole[:, first : first + 50])


def test_asking_twice_or_in_between_changes_nothing() -> None:
    """Catches hidden state in ``Streams``."""
    streams = Streams(4)
    first = streams.uniform(Stream.FEES, 1, 50, 2)
    streams.uniform(Stream.CONFLICT, 1, 500, 4)
    streams.generator(Stream.FEES).random(10)
    assert np.array_equal(first, streams.uniform(Stream.FEES, 1, 50, 2))


@pytest.mark.parametrize("month", [-240, -1, 0, 600])
def test_a_single_row_equals_its_column(month: int) -> None:
    """Catches an institution that draws other numbers alone than among many."""
    whole = Streams(3).uniform(Stream.FIRM, month, 20, LANES)
    for row in (0, 7, 19):
        assert np.array_equal(Streams(3).single(Stream.FIRM, month, row), whole[:, row])


def test_negative_months_are_months_of_their_own() -> None:
    """Catches history that repeats month 0 or the mirrored month."""
    streams = Streams(3)
    drawn = {streams.uniform(Stream.FEES, month, 1)[0, 0] for month in range(-240, 241)}
    assert len(drawn) == 481


@pytest.mark.parametrize("seed", [0, LARGEST_SEED])
def test_smallest_and_largest_seed_are_taken(seed: int) -> None:
    """Catches an off-by-one bound, and a key that wraps."""
    assert not np.array_equal(
        Streams(seed).uniform(Stream.FEES, 0, 8), Streams(1).uniform(Stream.FEES, 0, 8)
    )


@pytest.mark.parametrize("seed", [-1, LARGEST_SEED + 1])
def test_seeds_out_of_range_are_refused(seed: int) -> None:
    """Catches a seed that is cut to 32 bits in silence, so that two seeds give one run."""
    with pytest.raises(ValueError, match=str(seed)):
        Streams(seed)


def test_set_up_generators_differ_by_stream_and_seed() -> None:
    """Catches a key that loses the seed or the stream."""
    drawn = {
        float(Streams(seed).generator(stream).random())
        for seed in (0, 1, LARGEST_SEED)
        for stream in (Stream.POPULATION, Stream.TIES)
    }
    assert len(drawn) == 6
    again = Streams(1).generator(Stream.TIES).random(5)
    assert np.array_equal(again, Streams(1).generator(Stream.TIES).random(5))
