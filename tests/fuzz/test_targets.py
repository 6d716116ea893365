"""A moment of each fuzzing target, and everything that `make fuzz` has found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import GENCOD, SEEDS, TARGETS, WORDS, XML

#: What was found once: (target, bytes). An element that could not be judged was read all the same; a text that no
#: answer of ours can hold was taken for one.
FOUND = (
    ("whole", XML.replace(b'partenaire="', b't:ype="1" partenaire="x', 1)),
    ("whole", XML.replace(b'partenaire="', b" ".join(b'a%d="1"' % n for n in range(40)) + b' partenaire="x', 1)),
    ("whole", XML.replace(b"<declaration ", b'<declaration t:ype="1" ', 1)),
    ("gencod-answers", b"\0\0\0\0" + GENCOD.replace(b"lieu de", b"lieu\0de")),
    ("gencod-answers", GENCOD.replace(b"5-000123", b"5-000I\xad3")),
    ("gencod-answers", GENCOD.replace(b"5-000123", b"        ")),
)

PIECES = st.one_of(st.sampled_from(WORDS), st.binary(max_size=40), st.sampled_from(SEEDS).map(lambda seed: seed[:400]))


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.lists(PIECES, max_size=8).map(b"".join))
@settings(max_examples=60, deadline=None)
def test_nothing_breaks_it_at_once(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found_stays_mended(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_sound(name: str) -> None:
    for seed in SEEDS:
        TARGETS[name](seed)
