"""Every code is told of in French and English: what it means, what to write instead."""

import pytest

from schemas.catalogue import CATALOGUE, advice
from schemas.charset import TITLE_WIDTH
from schemas.gln import LEGACY
from schemas.lending.layout import EN, FA, LENGTH, VERSION, Layout


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_code_has_a_paragraph_in_each_language(code: str) -> None:
    told = advice()[code]

    for text in (told.means, told.write):
        assert text.fr != text.en
        for sentence in (text.fr, text.en):
            assert sentence.endswith((".", ".)"))
            assert "  " not in sentence


def _span(layout: Layout, name: str) -> tuple[int, int]:
    field = layout.field(name)
    return field.first, field.last


@pytest.mark.parametrize(
    ("code", "french", "english"),
    [
        ("header-version", "{} en positions {} à {} de EN", "{} in positions {} to {} of EN"),
        ("line-count-differs", "(positions {1} à {2})", "(positions {1} to {2})"),
        ("contract-date-missing", "(FA {1}-{2} ;", "(FA {1}-{2};"),
        ("record-number", "(positions {1} à {2})", "(positions {1} to {2})"),
        ("record-length", "{0} caractères", "{0} characters"),
        ("title-altered", "dépasse {0} caractères", "longer than {0} characters"),
        ("gln-check-digit-legacy", "{0} anciens Gencods", "{0} known legacy Gencods"),
        ("declarant-gln-check-digit", "{0} anciens Gencods", "{0} known legacy Gencods"),
        ("partner-gln-check-digit", "{0} anciens Gencods", "{0} known legacy Gencods"),
    ],
)
def test_the_figures_in_a_paragraph_are_those_of_the_tables(code: str, french: str, english: str) -> None:
    figures: tuple[object, ...] = {
        "header-version": (VERSION, *_span(EN, "version")),
        "line-count-differs": ("", *_span(FA, "announced")),
        "contract-date-missing": ("", *_span(FA, "contract_sent")),
        "record-number": ("", *_span(EN, "record")),
        "record-length": (LENGTH,),
        "title-altered": (TITLE_WIDTH,),
    }.get(code, (len(LEGACY),))
    told = advice()[code]

    assert french.format(*figures) in f"{told.means.fr} {told.write.fr}"
    assert english.format(*figures) in f"{told.means.en} {told.write.en}"
