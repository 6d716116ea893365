"""The table of acts: each is whole, and no act knows by which face it is asked for."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from edi.acts import table
from edi.core.act import Result, Role

ROOM = Path(table.__file__).parent


@pytest.mark.parametrize("act", table.ACTS, ids=[act.name for act in table.ACTS])
def test_an_act_says_all_of_itself(act: table.Act) -> None:
    says = table.texts().acts[act.name]
    assert says.fr != says.en and act.role in get_args(Role)
    assert all(line.startswith(("edi ", "unzip ")) for line in says.examples)
    assert any(f"edi {act.name}" in line.replace("--home /srv/edi ", "") for line in says.examples)
    results = get_args(act.result) or (act.result,)
    assert all(issubclass(result, Result) for result in results)
    for one in act.asked:
        assert one.about.help, (act.name, one.name)
        assert isinstance(one.about.help, str) or one.about.help.fr != one.about.help.en, (act.name, one.name)
        if one.about.argument:
            assert one.about.shown, (act.name, one.name)
    assert act.fixed.keys() <= act.work.__annotations__.keys()


def test_each_word_before_an_act_has_a_help() -> None:
    groups = {act.name.rsplit(" ", 1)[0] for act in table.ACTS if " " in act.name}
    assert groups == table.texts().groups.keys()
    assert table.texts().acts.keys() == table.BY_NAME.keys(), "nothing is said of what is no act"
    assert len(table.BY_NAME) == len(table.ACTS)


def test_two_names_are_one_act() -> None:
    assert table.BY_NAME["close"].work is table.BY_NAME["period close"].work
    assert table.BY_NAME["estimate"].work is table.BY_NAME["statement issue"].work
    assert table.BY_NAME["estimate"].fixed == {"estimates": True}


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOM)))
def test_no_act_speaks_for_itself(path: Path) -> None:
    calls = {
        ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    }
    assert not calls & {"print", "exit", "sys.exit", "input", "click.echo"}
    names = {
        ast.unparse(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)
    }
    assert not names & {"sys.argv", "sys.stdout", "sys.stderr"}
    assert "edi.cli" not in path.read_text("utf-8")
