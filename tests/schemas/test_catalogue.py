"""Every code is told of in French and English: what it means, what to write instead."""

import pytest

from schemas.catalogue import CATALOGUE, advice


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_code_has_a_paragraph_in_each_language(code: str) -> None:
    told = advice()[code]

    for text in (told.means, told.write):
        assert text.fr != text.en
        for sentence in (text.fr, text.en):
            assert sentence.endswith((".", ".)"))
            assert "  " not in sentence
