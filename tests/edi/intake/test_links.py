"""How each link is, and for whom it speaks."""

import shutil
from pathlib import Path

import pytest

from edi.core.desk import Desk, open_desk
from edi.core.settings import open_home
from edi.intake import links
from edi.intake.pipeline import Run
from schemas.errors import LinkError
from tests.edi.intake.test_pipeline import Links, desk, reconciled

__all__ = ["desk"]


def test_states_of_links(desk: Links) -> None:
    def states() -> dict[str, str]:
        return {row["name"]: row["state"] for row in links.overview(desk)}

    assert states() == {"un": "never", "deux": "never"}
    shutil.rmtree(desk.base / "un" / "depot")
    Run(desk, reconciled).once()
    assert states() == {"un": "trouble", "deux": "ok"}
    un = links.overview(desk)[0]
    assert un["seen_at"] is None and un["trouble_since"] and "n'existe pas" in un["trouble"]
    [english, _] = links.overview(Desk(desk.home, desk.db, "en"))
    assert english["trouble"] == "Link un: depot does not exist. Check the link's folders."
    links.pause(desk, "un")
    links.pause(desk, "un")
    assert states() == {"un": "paused", "deux": "ok"}
    links.resume(desk, "un")
    (desk.base / "un" / "depot").mkdir()
    Run(desk, reconciled).once()
    assert states() == {"un": "ok", "deux": "ok"}


def test_testing_a_link_changes_nothing(desk: Links) -> None:
    desk.drop("un", "F-3012921742188-2025.txt")
    facts = links.test(desk, desk.home.link("un"))
    assert facts == {"link": "un", "homes": 1, "files": 1, "troubles": []}
    assert not (desk.base / "un" / "archive").exists()
    shutil.rmtree(desk.base / "un" / "depot")
    assert links.test(desk, desk.home.link("un"))["troubles"]


def test_whom_a_link_speaks_for(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    glns = ["3015096792903", "3015100339070", "3012793834707"]
    text = "".join(
        f'[[link]]\nname = "l{n}"\nkind = "folder"\npath = "x"\ndeclarants = {glns[:n] or ["*"]}\n'.replace("'", '"')
        for n in range(4)
    )
    (home.path / "edi.toml").write_text(text)
    with open_desk(home.path) as desk:
        rows = links.overview(desk)
    assert [row["declarants"] for row in rows] == ["*", glns[0], " ".join(sorted(glns[:2])), "3 GLN"]


def test_link_that_cannot_be_reached(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    (home.path / "edi.toml").write_text(
        '[[link]]\nname = "a"\nhost = "127.0.0.1"\nport = 1\nuser = "u"\npassword_file = "p"\ndeclarants = ["*"]\nattempts = 1\n'
    )
    (home.path / "p").write_text("secret")
    (home.path / "p").chmod(0o600)
    with open_desk(home.path) as desk, pytest.raises(LinkError, match="connexion refusée"):
        links.test(desk, desk.home.link("a"))
