"""The small laws everything rests on: check digits, keys, rounding, tolerance, and one repertoire in both formats."""

import re
import sys
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from stdnum import ean as oracle

from parsers.xml.tag import LINE
from schemas import charset, ean, gln, money, number
from tests.declarations import book
from tests.strategies import codes13

AMOUNTS = st.integers(-(10**14), 10**14)


@given(codes13())
def test_check_digits_agree_with_an_independent_library(code: str) -> None:
    right = code != "0" * 13 and oracle.is_valid(code)

    assert gln.is_valid(code) == right
    assert ean.is_valid(code) == right
    assert gln.has_check_digit(code[:12] + gln.check_digit(code[:12])) == (code[:12] != "0" * 12)


BOOK = book(1).ean
CODES = st.one_of(st.integers(0, 9_999).map(lambda place: book(place).ean), codes13(), st.text(max_size=14))


@given(st.lists(CODES, max_size=5))
def test_many_eans_are_judged_as_each_is(codes: list[str]) -> None:
    adding_up = [code for code in codes if ean.is_valid(code) or code == ean.NONE]
    for some in (codes, adding_up, [BOOK[:-1], f"{BOOK}0"]):
        assert ean.all_add_up(some) == all(ean.is_valid(code) or code == ean.NONE for code in some)
        assert ean.are_all_books(some) == all(map(ean.is_book, some))


@given(st.text(max_size=15))
def test_nothing_but_thirteen_ascii_digits_is_a_gln(text: str) -> None:
    assert gln.has_form(text) == bool(re.fullmatch(r"[0-9]{13}", text))
    assert not gln.is_valid(text) or gln.has_form(text)


def test_all_forty_eight_legacy_gencods_are_wrong_and_known() -> None:
    assert len(gln.LEGACY) == 48
    assert not any(gln.is_valid(code) for code in gln.LEGACY)


@given(st.text(max_size=20))
def test_a_key_is_its_own_key(text: str) -> None:
    once = number.key(text)

    assert number.key(once) == once
    assert re.fullmatch(r"[A-Z0-9]*", once)
    assert number.key(text.lower()) == number.key(text.upper()) or not text.isascii()


@given(st.lists(st.text("aB0\n-é1", max_size=6)))
def test_many_numbers_have_the_keys_that_each_has(texts: list[str]) -> None:
    assert number.keys(texts) == [number.key(text) for text in texts]


@given(AMOUNTS, st.integers(1, 10**6))
def test_halves_go_away_from_zero(numerator: int, denominator: int) -> None:
    rounded = money.half_away(numerator, denominator)

    assert money.half_away(-numerator, denominator) == -rounded
    assert 2 * abs(rounded * denominator - numerator) <= denominator
    if 2 * abs(rounded * denominator - numerator) == denominator:
        assert abs(rounded * denominator) > abs(numerator)


@given(st.integers(0, 10**5), st.integers(0, 10**6), st.integers(0, 10**12))
def test_the_tolerance_is_rounded_up_and_never_shrinks(lines: int, copies: int, gross: int) -> None:
    tolerance = money.tolerance(lines, copies, gross)

    assert 0 <= 10_000 * (tolerance - lines - copies) - gross < 10_000
    assert money.tolerance(lines, copies, gross + 1) >= tolerance
    assert money.tolerance(lines, copies + 1, gross) == tolerance + 1


@given(AMOUNTS)
def test_decimals_say_the_cents(cents: int) -> None:
    assert money.decimal(-cents) == "-" + money.decimal(cents) or cents <= 0
    if cents >= 0:
        assert money.from_decimal(money.decimal(cents)) == cents


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_a_discount_is_rounded_half_up(gross: int, discount: int) -> None:
    assert money.discounted(gross, discount) == money.half_away(gross * (10_000 - discount), 10_000)


def test_the_xsd_has_the_repertoire_of_the_fixed_format() -> None:
    schema = etree.XMLSchema(etree.fromstring(files("schemas").joinpath("xsd/declaration-1.0.xsd").read_bytes()))
    line = etree.Element(
        LINE, {"ean": book(1).ean, "quantite": "1", "prixPublicHT": "1.00", "tva": "5.50", "preuve": ""}
    )
    for code in range(0x20, sys.maxunicode + 1):
        if 0xD800 <= code < 0xE000 or code in (0xFFFE, 0xFFFF) or 0x3000 < code < 0xF000 or code > 0x10FF0:
            continue
        try:
            line.set("preuve", "a" + chr(code))
        except ValueError:
            assert not charset.encodable(chr(code))
            continue
        assert schema.validate(line) == charset.encodable(chr(code)), hex(code)
