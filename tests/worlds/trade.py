"""Who trades in a made-up year: suppliers with their ways of numbering, libraries, and the GLNs they are written under."""

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from tests.worlds.core import US, numbered

#: Of 5,083 GLNs of the book trade.
_PREFIXES, _PREFIX_WEIGHTS = ("3019", "3012", "3015"), (64, 31, 5)
_LARGEST = ("3010955600100", "3012600500000", "3012166100000", "3011270700000", "3019000100000")

#: How suppliers number: from the day and the running number in the year (of the month, where it is named).
STYLES: dict[str, Callable[[date, int, int], str]] = {
    "year/seq": lambda day, n, of_month: f"FA-{day.year}/{n:04d}",
    "letter+year+seq": lambda day, n, of_month: f"F{day.year}{n:05d}",
    "six digits": lambda day, n, of_month: f"{n + 3200:06d}",
    "long": lambda day, n, of_month: f"{day.year % 100:02d}{4_000_000 + n * 7}",
    "shop+seq": lambda day, n, of_month: f"L01-{n:05d}",
    "seq/year": lambda day, n, of_month: f"{n:05d}/{day.year % 100:02d}",
    "month": lambda day, n, of_month: f"{day.year % 100:02d}-{day.month:02d}-{of_month:04d}",
    "loose month": lambda day, n, of_month: f"{day.year % 100:02d}-{day.month}-{of_month}",
    "0001 each January": lambda day, n, of_month: f"{n:04d}",
}
RESTARTING = ("0001 each January",)


class Partner(msgspec.Struct, frozen=True):
    """A row of the directory; `later` rows are only known after the first pass, `unlisted` ones never."""

    gln: str
    role: str
    category: str = ""
    successor: str = ""
    alias_of: str = ""
    later: bool = False
    unlisted: bool = False


class Seller(msgspec.Struct, frozen=True, eq=False):
    """A supplier: how it numbers, what it takes off, which other GLNs it is known under."""

    gln: str
    style: str
    discount: int
    other: dict[str, str]
    silent: bool = False
    chain: str = ""  # the head office of this shop and of another that numbers as it does


class Buyer(msgspec.Struct, frozen=True, eq=False):
    """A library: which suppliers it buys from, and which other GLNs it is known under."""

    gln: str
    sellers: tuple[Seller, ...]
    other: dict[str, str]
    sister: str = ""
    silent: bool = False


class Registry:
    """Gives out GLNs, each once, and writes the directory."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.given: set[str] = {US, *_LARGEST}
        self.partners: list[Partner] = []

    def code(self) -> str:
        while True:
            prefix = self.rng.choices(_PREFIXES, _PREFIX_WEIGHTS)[0]
            made = numbered(f"{prefix}{self.rng.randrange(10**8):08d}")
            if made not in self.given:
                self.given.add(made)
                return made

    def enter(self, role: str, code: str = "", **facts: Any) -> str:
        self.partners.append(Partner(code or self.code(), role, **facts))
        return self.partners[-1].gln


def _others(registry: Registry, role: str, code: str, rng: random.Random) -> dict[str, str]:
    """The GLNs a partner is also written under, by what they are: some in the directory, some later, some never."""
    alias = "commune" if role == "library" else "head office"
    return {
        alias: registry.enter(role, alias_of=code),
        "successor": registry.enter(role, successor=code),
        "given later": registry.enter(role, later=True, **{rng.choice(("alias_of", "successor")): code}),
        "never given": registry.enter(role, unlisted=True),
    }


def sellers(registry: Registry, count: int, year: int, rng: random.Random) -> list[Seller]:
    made = []
    for rank in range(count):
        code = registry.enter("supplier", _LARGEST[rank] if rank < min(5, count // 4) else "")
        small = rank > count // 3
        styles = tuple(STYLES) if small else tuple(name for name in STYLES if name not in RESTARTING)
        silent = rank > 3 and rng.random() < 0.04
        discount = rng.choices((900, 500, 0, 1200), (70, 15, 10, 5 if year <= 2004 else 0))[0]
        made.append(Seller(code, rng.choice(styles), discount, _others(registry, "supplier", code, rng), silent))
    for _ in range(max(1, count // 40)):
        office = registry.enter("supplier")
        for _ in range(2):
            shop = registry.enter("supplier", alias_of=office)
            made.append(Seller(shop, RESTARTING[0], 900, _others(registry, "supplier", shop, rng), chain=office))
    return made


def buyers(registry: Registry, count: int, sellers: list[Seller], rng: random.Random) -> list[Buyer]:
    made: list[Buyer] = []
    weights = [1 / (1 + rank) ** 0.8 for rank in range(len(sellers))]
    for _ in range(count):
        category = rng.choices(("1", "2", "3", "4", "primary", "hospital"), (70, 12, 5, 5, 4, 4))[0]
        owner = registry.code()
        owned = rng.random() < 0.2
        code = registry.enter("library", category=category, alias_of=owner if owned else "")
        bought_from = dict.fromkeys(rng.choices(sellers, weights, k=rng.randint(4, 12)))
        bought_from.update(
            dict.fromkeys(shop for shop in sellers if shop.chain in {one.chain or "-" for one in bought_from})
        )
        others = _others(registry, "library", code, rng)
        if owned:  # two libraries of one owner, who is a partner too
            registry.enter("library", owner, category=category)
            others["owner"] = owner
        sister = registry.enter("library", category=category, alias_of=owner) if owned else ""
        made.append(Buyer(code, tuple(bought_from), others, sister, rng.random() < 0.03))
    return made
