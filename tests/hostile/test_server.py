"""A hostile partner harms nobody else: one bad link, one poisoned file, and the others go on."""

import json
import threading
from itertools import pairwise
from typing import Any

import pytest

from edi.core.desk import Desk, open_desk
from edi.core.timing import Timing
from edi.intake.pipeline import Run
from edi.intake.running import forever
from spool.sftp.server import User
from tests.hostile.conftest import OTHER, PASSWORD, World
from tests.hostile.server import EvilServer, Habit
from tests.program import SAMPLES, until


def archived(world: World) -> list[str]:
    folder = world.depot.parent / "archive"
    return sorted(path.name.rsplit(".", 1)[0] for path in folder.iterdir()) if folder.exists() else []


# -- one poisoned file ------------------------------------------------------------------------------


@pytest.mark.parametrize("byte", [0, 1, 40_000, 250_000])
def test_connection_lost_at_a_byte_delays_no_other_file(world: World, byte: int) -> None:
    world.put("a.txt", b"x" * 300_000)
    world.put("b.txt")
    world.habits(**{"a.txt": Habit(drop_at=byte)})
    world.set_up()
    done = world.once()
    assert archived(world) == ["b.txt"]
    assert [taken.file for taken in done.taken] == ["b.txt"]  # nor does its answer wait
    assert (world.depot.parent / "retour" / "b.txt.ate.txt").exists()
    assert not list((world.home.path / "incoming").iterdir())
    [row] = world.rows("SELECT name, attempts, turn FROM held_back")
    assert row[:2] == ("a.txt", 2)
    assert "mechante" in done.troubles
    assert world.rows("SELECT trouble FROM link_state WHERE link = 'mechante'") == [(None,)]  # the link is well


def test_connection_lost_once_is_made_again(world: World) -> None:
    world.put("a.txt")
    world.habits(**{"a.txt": Habit(drop_at=10, drops=1)})
    world.set_up()
    done = world.once(patient=True)
    assert (archived(world), done.troubles) == (["a.txt"], {})
    assert world.rows("SELECT * FROM held_back") == []


@pytest.mark.parametrize("habit", [Habit(size=3), Habit(size=250 << 20), Habit(endless=True), Habit(swells=True)])
def test_liar_is_not_believed_and_not_asked_again_at_once(world: World, habit: Habit) -> None:
    world.put("a.txt")
    world.put("b.txt", sample=OTHER)
    world.habits(**{"a.txt": habit})
    world.set_up(max_bytes=1 << 20)
    world.once()
    world.once()
    assert archived(world) == ["b.txt"]
    assert world.rows("SELECT name FROM receipt") == [("b.txt",)]
    assert not list((world.home.path / "incoming").iterdir())
    assert world.server.asked["read", "depot/a.txt"] <= (2 if habit.swells else 1)
    assert [row[0] for row in world.rows("SELECT name FROM held_back")] == ["a.txt"]


def test_size_that_is_none_is_not_believed(world: World) -> None:
    world.put("a.txt")
    world.habits(**{"a.txt": Habit(size=(1 << 64) - 1)})
    world.set_up()
    assert [taken.verdict for taken in world.once().taken] == ["accepted"]


def test_back_off_grows_and_ends_as_stuck(world: World) -> None:
    world.put("a.txt")
    world.habits(**{"a.txt": Habit(size=3)})
    world.set_up()
    waits, turns = [], []
    for _ in range(10):
        world.once()
        world.once()  # not due: not asked
        [(turn, waited)] = world.rows("SELECT turn, (julianday(next_at) - julianday(since)) * 86400 FROM held_back")
        waits.append(waited)
        turns.append(turn)
        world.later()
    assert world.server.asked["read", "depot/a.txt"] == 10
    assert turns[:3] == ["edi", "edi", "partner"] and set(turns[2:]) == {"partner"}
    assert all(first < second for first, second in pairwise(waits[:9]))
    assert waits[-1] < 6 * 3600 + 600
    [stuck] = world.stuck()
    assert (stuck["turn"], stuck["name"]) == ("partner", "mechante: a.txt") and "modifié" in stuck["why"]


def test_mended_file_begins_anew(world: World) -> None:
    world.put("a.txt")
    world.habits(**{"a.txt": Habit(size=3)})
    world.set_up()
    world.once()
    world.server.habits.clear()
    assert world.once().pulled == 1
    assert world.stuck() == []


def test_file_taken_away_is_not_stuck(world: World) -> None:
    path = world.put("a.txt")
    world.habits(**{"a.txt": Habit(size=3)})
    world.set_up()
    world.once()
    path.unlink()
    world.once()
    assert world.stuck() == []


def test_changed_while_it_is_read(world: World) -> None:
    path = world.put("a.txt")
    new = (SAMPLES / "year-2025" / OTHER).read_bytes()
    world.habits(**{"a.txt": Habit(then=lambda: path.write_bytes(new) and None)})
    world.set_up()
    world.once()
    assert world.rows("SELECT * FROM receipt") == []
    world.server.habits.clear()
    assert [taken.verdict for taken in world.once().taken] == ["accepted"]


def test_changed_between_reading_and_archiving(world: World) -> None:
    path = world.put("a.txt")
    new = (SAMPLES / "year-2025" / OTHER).read_bytes()
    world.habits(**{"a.txt": Habit(before_rename=lambda: path.write_bytes(new) and None)})
    world.set_up()
    first = world.once()
    assert path.read_bytes() == new  # what nobody has read is not archived
    world.server.habits.clear()
    second = world.once()
    assert [taken.verdict for taken in (*first.taken, *second.taken)] == ["accepted", "accepted"]
    assert len(world.rows("SELECT DISTINCT sha256 FROM receipt")) == 2


def test_no_permission_on_the_archive(world: World) -> None:
    world.put("a.txt")
    world.put("b.txt", sample=OTHER)
    world.habits(**{"a.txt": Habit(denied=frozenset({"rename"}))})
    world.set_up()
    done = world.once()
    world.once()
    assert sorted(taken.file for taken in done.taken) == ["a.txt", "b.txt"]  # taken, answered, once
    assert archived(world) == ["b.txt"]
    assert world.server.asked["read", "depot/a.txt"] == 1
    assert len(world.rows("SELECT * FROM receipt")) == 2
    [stuck] = world.stuck()
    assert stuck["turn"] == "operator" and "accès refusé" in stuck["why"]


def test_archive_folder_cannot_be_made(world: World) -> None:
    world.put("a.txt")
    world.server.habits["archive"] = Habit(denied=frozenset({"mkdir"}))
    world.set_up()
    assert [taken.verdict for taken in world.once().taken] == ["accepted"]
    assert (world.depot / "a.txt").exists()
    assert [row["turn"] for row in world.stuck()] == ["operator"]


def test_unreadable_files_do_not_keep_others(world: World) -> None:
    for place in range(5):
        world.put(f"a{place}.txt", b"?")
    world.put("b.txt")
    world.habits(**{f"a{place}.txt": Habit(denied=frozenset({"open"})) for place in range(5)})
    world.set_up()
    world.once()
    assert archived(world) == ["b.txt"]
    world.later()  # it might replace one of the others, which are tried once more
    assert [taken.file for taken in world.once().taken] == ["b.txt"]
    assert {row["turn"] for row in world.stuck()} == {"operator"}


# -- names ------------------------------------------------------------------------------------------

EVIL_NAMES = (
    "../../home/edi.toml", "/etc/passwd", "..", ".", "", "a\nb.txt", "\x1b[2Jc.txt", "d\u2028e.txt", "f\x85.txt",
    "x" * 4096, "é" * 2048, "CON.txt ", "-rf", "~root", "\u202etxt.exe", "a\\..\\b.txt", "%n%s", "'; DROP TABLE receipt; --",
)  # fmt: skip


def test_names_lead_nowhere_and_break_no_line(world: World) -> None:
    world.put("z.txt")
    world.server.habits["depot"] = Habit(names=EVIL_NAMES)
    world.set_up()
    before = sorted(path.name for path in world.base.iterdir())
    world.once()
    world.once()
    assert archived(world) == ["z.txt"]
    assert world.rows("SELECT name FROM receipt") == [("z.txt",)]
    assert sorted(path.name for path in world.base.iterdir()) == before
    for row in world.stuck():
        assert row["name"].isprintable(), row
    lines = (world.home.path / "edi.log").read_text("utf-8").splitlines()
    assert all(isinstance(json.loads(line), dict) and line.isprintable() for line in lines)


def test_real_names_that_are_odd_are_fetched(world: World) -> None:
    names = ["a\nb.txt", "\x1b[2Jc.txt", "'; DROP TABLE receipt; --.txt", "é" * 100 + ".txt"]
    for name in names:
        world.put(name, b"?" + name.encode())
    world.set_up()
    assert world.once().pulled == len(names)
    kept = world.rows("SELECT name FROM receipt") + world.rows("SELECT name FROM answer")
    assert all(name.isprintable() and len(name.encode()) < 255 for (name,) in kept)


def test_symbolic_links_are_not_followed(world: World) -> None:
    secret = world.base / "secret.txt"
    secret.write_text("secret")
    (world.depot / "link.txt").symlink_to(secret)
    (world.depot / "folder").symlink_to(world.base)
    world.put("a.txt").rename(world.depot.parent / "elsewhere.txt")
    (world.depot / "inside.txt").symlink_to("../elsewhere.txt")
    world.set_up()
    assert world.once(patient=True).pulled == 0
    (world.depot / "folder").unlink()
    (world.depot / "test").symlink_to(world.depot.parent)
    assert world.once(patient=True).pulled == 0


def test_a_hundred_thousand_names(world: World) -> None:
    world.put("0.txt")
    world.server.habits["depot"] = Habit(names=tuple(f"n{place}.part" for place in range(100_000)))
    world.set_up()
    world.honest()
    done = world.once()
    assert done.pulled == 2 and world.answered()


def test_long_folder_is_seen_to_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("spool.local.folder", "spool.sftp.remote", "spool.pull", "edi.intake.fetch"):
        monkeypatch.setattr(f"{module}.LONGEST_LISTING", 10)
    for place in range(25):
        world.put(f"a{place}.txt.rdy" if place % 2 else f"a{place}.txt", b"?" * place)
    world.habits(**{path.name: Habit(denied=frozenset({"open"})) for path in world.depot.iterdir()})
    world.set_up()
    running = world.run()
    for _ in range(8):
        running.once()
        until(lambda: not running.crew.busy() or running.crew.has_news())
    asked = {path for act, path in world.server.asked if act == "open" and path.startswith("depot/")}
    assert len(asked) == 25


# -- the link ---------------------------------------------------------------------------------------


def test_dripping_link_keeps_nobody_waiting(world: World) -> None:
    """Bytes come so slowly that no timeout of one read ever strikes; the pass's own does."""
    world.put("a.txt", b"x" * 50_000)
    world.habits(**{"a.txt": Habit(drip_seconds=0.3)})
    world.set_up(pass_seconds=20)
    running = list[Run]()

    def work() -> None:
        with open_desk(world.home.path) as desk:
            running.append(world.run_at(desk))
            forever(running[0], lambda done: None)

    done = threading.Thread(target=work)
    done.start()
    try:
        assert until(lambda: world.server.dripping)
        world.honest()
        assert until(world.answered), "the honest link waits for the dripping one"
        assert running[0].crew.busy()
        assert until(lambda: "pass_seconds" in str(world.told))
    finally:
        running[0].stop.set()
        done.join(30)
    assert not done.is_alive()
    other = world.stuck()
    assert any("trop lente" in row["why"] for row in other)


def test_many_dripping_links_keep_nobody_waiting(world: World) -> None:
    world.put("a.txt", b"x" * 50_000)
    world.habits(**{"a.txt": Habit(drip_seconds=0.3)})
    world.set_up(pass_seconds=60)
    world.honest()
    desk = Desk(world.home, world.connection)
    desk.timing = Timing(links_at_once=1, slot_seconds=0.5)
    running = world.run_at(desk)
    running.once()
    assert until(
        lambda: (running.crew.has_news() and running.once(only=set()) and world.answered()) or world.answered()
    )
    assert running.crew.busy()
    running.close()


def test_silent_server_is_left_in_time(world: World) -> None:
    world.set_up(timeout_seconds=1)
    world.server.dripping = 0.5
    world.honest()
    assert world.once().pulled == 1
    assert world.answered()


def test_changed_host_key_stops_the_link_and_no_other(world: World) -> None:
    world.put("a.txt")
    world.set_up()
    port = world.server.port
    world.server.__exit__(None, None, None)
    world.server = EvilServer(world.base / "srv", {"eve": User("eve", password=PASSWORD)}, port=port)
    world.server.__enter__()
    world.honest()
    done = world.once()
    assert world.answered() and (world.depot / "a.txt").exists()
    assert "clé d'hôte a changé" in done.troubles["mechante"]
    assert not world.server.asked  # nothing was said to whoever it is
    [stuck] = world.stuck()
    assert (stuck["what"], stuck["turn"]) == ("link", "operator")


def test_link_that_is_away_is_ours_to_try_again(world: World) -> None:
    world.set_up()
    world.server.__exit__(None, None, None)
    world.honest()
    world.once()
    assert world.answered()
    assert [(row["what"], row["turn"]) for row in world.stuck()] == [("link", "edi")]
    world.connection.execute("UPDATE link_state SET trouble_since = '2001-01-01T00:00:00' WHERE trouble IS NOT NULL")
    assert [row["turn"] for row in world.stuck()] == ["operator"]


def test_mistake_of_ours_stays_with_its_link(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from edi.intake import fetch

    right = fetch.listing

    def wrong(remote: Any, link: Any, *more: Any) -> Any:
        if link.name == "mechante":
            raise OverflowError("what the server said")
        return right(remote, link, *more)

    monkeypatch.setattr("edi.intake.fetch.listing", wrong)
    world.set_up()
    world.honest()
    done = world.once()
    assert world.answered()
    assert "OverflowError" in done.troubles["mechante"] and "what the server said" not in done.troubles["mechante"]


# -- quotas -----------------------------------------------------------------------------------------


def over(world: World) -> str:
    [why] = {row["why"] for row in world.stuck() if "quota" in row["why"] or "quarantaine" in row["why"]}
    return str(why)


def test_files_a_day(world: World) -> None:
    for place in range(5):
        world.put(f"a{place}.txt", b"?" * place)
    world.set_up(files_a_day=3)
    world.honest()
    done = world.once()
    assert done.pulled == 4 and world.answered()
    assert sorted(path.name for path in world.depot.iterdir()) == ["a3.txt", "a4.txt"]
    assert "files_a_day" in over(world) and "files_a_day" in done.troubles["mechante"]
    assert world.once().pulled == 0
    assert not [path for act, path in world.server.asked if act == "open" and path in ("depot/a3.txt", "depot/a4.txt")]
    world.connection.execute("UPDATE receipt SET received_at = '2026-01-01T00:00:00'")  # another day
    world.later()
    assert world.once().pulled == 2


def test_bytes_a_day(world: World) -> None:
    world.put("a.txt", b"?" * 600)
    world.put("b.txt", b"!" * 600)
    world.put("c.txt", b"c" * 300)
    world.set_up(bytes_a_day=1000)
    assert world.once().pulled == 2
    assert [path.name for path in world.depot.iterdir()] == ["b.txt"]
    assert "bytes_a_day" in over(world)


def test_quarantine_bytes(world: World) -> None:
    world.put("a.txt", b"?" * 600)
    world.set_up(quarantine_bytes=1000)
    assert [taken.verdict for taken in world.once().taken] == ["refused"]
    world.put("b.txt", b"!" * 600)
    assert world.once().pulled == 0
    assert "quarantine_bytes" in over(world)
    world.connection.execute(
        "INSERT INTO quarantine_act (receipt, act, who, reason, at) SELECT id, 'discard', 'me', 'x', '2026' FROM receipt"
    )
    world.later()
    assert world.once().pulled == 1


def test_home_with_many_files_leaves_a_share_to_the_others(world: World) -> None:
    base = world.depot.parent / "homes"
    for name, many in (("aaa", 8), ("bbb", 2)):
        (base / name / "depot").mkdir(parents=True)
        for place in range(many):
            (base / name / "depot" / f"{place}.txt").write_text(name * (place + 1))
    folders = {"depot": "homes/*/depot", "retour": "homes/*/retour", "archive": "homes/*/archive"}
    world.set_up(files_a_day=4, **folders)
    world.once()
    assert world.rows("SELECT home, count(*) FROM receipt GROUP BY home") == [("aaa", 2), ("bbb", 2)]


# -- our own copies ---------------------------------------------------------------------------------


def test_copy_of_ours_that_cannot_be_read_keeps_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from edi.intake import backlog

    world.put("a.txt")
    world.set_up()
    world.honest()
    right = backlog.take_receipt

    def wrong(desk: Desk, receipt: int) -> Any:
        [row] = desk.db.execute("SELECT link FROM receipt WHERE id = ?", (receipt,))
        if row["link"] == "mechante":
            raise OSError(5, "Input/output error")
        return right(desk, receipt)

    monkeypatch.setattr("edi.intake.backlog.take_receipt", wrong)
    world.once()
    assert world.answered()
    [stuck] = world.stuck()
    assert stuck["turn"] == "operator" and "erreur de lecture" in stuck["why"]
    monkeypatch.undo()
    monkeypatch.setenv("TEST_EVE", PASSWORD)
    assert [taken.verdict for taken in world.once().taken] == ["accepted"]
    assert world.stuck() == []
