"""Texts in both languages: filled each in its own, and kept so that they come back."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import LinkAway
from schemas.text import Both, filled, recalled, say, stored


@given(st.builds(Both, st.text(), st.text()) | st.text().filter(lambda text: not text.startswith('{"fr":')))
def test_a_text_that_is_kept_comes_back(text: Both | str) -> None:
    assert recalled(stored(text)) == text


def test_each_language_is_filled_with_its_own_words() -> None:
    trouble = LinkAway(link="sud", why=Both("connexion {refusée}", "connection {refused}"))

    assert (
        str(trouble)
        == say(trouble.text, "fr")
        == ("Liaison sud injoignable : connexion {refusée}. Nouvel essai au prochain passage.")
    )
    assert say(trouble.text, "en") == "Link sud is away: connection {refused}. Tried again next pass."
    assert filled("{name} ?", name="x") == "x ?"
