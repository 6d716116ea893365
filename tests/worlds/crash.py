"""What partners send while runs are killed and calls fail: a small world that has everything in it.

Two SFTP accounts and a local folder; both sides, both formats, a zip, a dry run, a file refused whole, one refused in
part, a duplicate, and a replacement whose name sorts before what it replaces.
"""

from datetime import datetime

from msgspec.structs import replace

from tests.desk import LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, bought, code, declared, sold
from tests.worlds.core import written, zipped

THIRD_SHOP = code(13)
DAY = "2025-03-14"
#: Who may speak: by link and home, where there are homes.
HOMES = {"shop": SHOP, "lib": LIBRARY, "other": OTHER_LIBRARY}
DECLARANTS = {"maison": list(HOMES.values()), "distant": [OTHER_SHOP], "partage": [THIRD_SHOP]}


def before() -> dict[str, bytes]:
    """What partners sent first, by path: one match, posted; and a declaration that is to be replaced."""
    return {
        "distant/depot/T0.txt": written(declared("T0", sold("14", DAY), by=OTHER_SHOP)),
        "maison/homes/lib/depot/L0.xml": written(
            declared("L0", bought("14", DAY, partner=OTHER_SHOP), by=LIBRARY), "xml"
        ),
        "partage/depot/P0.xml": written(declared("P0", sold("20", DAY), by=THIRD_SHOP), "xml"),
    }


def then() -> dict[str, bytes]:
    """What they send then."""
    first = [sold("1", DAY), sold("2", DAY), sold("3", DAY, 2_000), sold("7", DAY, partner=OTHER_LIBRARY)]
    initial = written(declared("S1", *first))
    dearer, moment = sold("2", DAY, 12_000), datetime(2026, 1, 15, 10, 0)
    replacing = declared("S1R", first[0], dearer, *first[2:], replaces="S1", issued=moment)
    again = declared("T0R", sold("14", DAY, 30_000), by=OTHER_SHOP, replaces="T0")
    spoilt = replace(sold("12", DAY), ttc=1)
    bills = [bought("1", DAY), bought("2", DAY, 10_920), bought("3", DAY, 999), bought("11", DAY, partner=OTHER_SHOP)]
    others = [bought("7", DAY), bought("21", DAY, partner=THIRD_SHOP), bought("99", DAY)]
    return {
        "maison/homes/shop/depot/A-replaces.xml": written(replacing, "xml"),
        "maison/homes/shop/depot/B-first.txt": initial,
        "maison/homes/shop/depot/C-again.txt": initial,
        "maison/homes/lib/depot/L1.xml": written(declared("L1", *bills, by=LIBRARY), "xml"),
        "maison/homes/lib/depot/test/dry.txt": written(declared("DRY", bought("500", DAY), by=LIBRARY)),
        "maison/homes/other/depot/O1.zip": zipped(("O1.txt", written(declared("O1", *others, by=OTHER_LIBRARY)))),
        "distant/depot/T0-dearer.xml": written(again, "xml"),
        "distant/depot/T1.xml": written(declared("T1", sold("11", DAY), spoilt, by=OTHER_SHOP), "xml"),
        "distant/depot/T2.txt": written(declared("T2", sold("13", DAY), by=OTHER_SHOP))[:-100],
        "partage/depot/P1.txt": written(declared("P1", sold("21", DAY, partner=OTHER_LIBRARY), by=THIRD_SHOP)),
    }
