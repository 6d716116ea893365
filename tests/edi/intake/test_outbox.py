"""The order in which answers go: the oldest first, and no answer that is refused each time holds up the others."""

from pathlib import Path

from edi.intake import answers, exchange
from edi.store import transaction
from tests.desk import NOW, Desk, declared, sold


def test_the_oldest_first_and_what_is_often_refused_last(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    desk.take(declared("S", sold("1", "2025-03-14")))
    first, second, *others = exchange.outbox(desk.connection, "l")
    assert first < second and others == sorted(others)

    with transaction(desk.connection):
        for _ in range(3):
            answers.note(desk.connection, first, None, "disk full")
    assert exchange.outbox(desk.connection, "l")[0] == first
    with transaction(desk.connection):
        answers.note(desk.connection, first, None, "disk full")
    assert exchange.outbox(desk.connection, "l") == [second, *others, first]
    with transaction(desk.connection):
        answers.note(desk.connection, second, NOW, None)
    assert exchange.outbox(desk.connection, "l") == [*others, first]
