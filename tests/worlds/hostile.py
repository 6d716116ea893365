"""Files made to hurt: each a few megabytes that would like to be gigabytes, or minutes.

python -m tests.worlds.hostile CASE     # checks it as `edi check` does; prints JSON: codes, seconds of the processor, megabytes
"""

import io
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from edi.intake.taking import check_file
from tests.declarations import BASES
from tests.desk import aside
from tests.worlds.core import written

XML, FIXED = written(BASES["supplier"], "xml"), written(BASES["supplier"], "fixed")
HEAD = XML[: XML.index(b"<facture")]
INVOICE = XML[XML.index(b"<facture") : XML.index(b"<ligne")]
END = b"</facture></declaration>"
EN, FA, LG = FIXED.split(b"\n")[:3]


def _attributes(count: int) -> bytes:
    return b" ".join(b'a%d="x"' % place for place in range(count))


def _crowded(entries: int) -> bytes:
    """A zip whose directory alone has so many entries."""
    entry = b"PK\x01\x02" + bytes(24) + b"\x01\x00" + bytes(16) + b"a"
    directory = entry * entries
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff\xff\xff" + len(directory).to_bytes(4, "little") + b"\x04\0\0\0\0\0"
    return b"PK\x03\x04" + directory + end


def _numbered(*records: bytes) -> bytes:
    return b"".join(b"%s%07d%s\n" % (r[:2], place, r[9:]) for place, r in enumerate(records, 1))


#: Name: how it is made.
MADE: dict[str, Callable[[], bytes]] = {
    "attributes by the hundred thousand": lambda: HEAD + INVOICE + b"<ligne " + _attributes(300_000) + b"/>" + END,
    "forty attributes a line": lambda: HEAD + INVOICE + (b"<ligne " + _attributes(40) + b"/>") * 10_000 + END,
    "prefixes by the hundred thousand": lambda: b"<declaration " + b" ".join(b'xmlns:a%d="b"' % n for n in range(300_000)) + b"/>",
    "one attribute without end": lambda: HEAD + INVOICE + b'<ligne titre="' + b"x" * 30_000_000 + b'"/>' + END,
    "one text without end": lambda: HEAD + INVOICE + b"x" * 30_000_000 + END,
    "one comment without end": lambda: HEAD + b"<!--" + b"x" * 30_000_000 + b"-->" + INVOICE + END,
    "nothing but instructions": lambda: HEAD + b"<?a?>" * 4_000_000 + INVOICE + END,
    "long titles in one invoice": lambda: HEAD + INVOICE + (b'<ligne titre="' + b"x" * 200_000 + b'"/>') * 150 + END,
    "deep": lambda: HEAD + INVOICE + b"<a>" * 1_000_000,
    "deep and wide": lambda: HEAD + INVOICE + (b"<a " + _attributes(20_000) + b">") * 100,
    "strays": lambda: HEAD + b"<a/>" * 100_000 + INVOICE + END,
    "strays in an invoice": lambda: HEAD + INVOICE + b"<a/>" * 50_000 + END,
    "children of lines": lambda: HEAD + INVOICE + b"<ligne>x<a/></ligne>" * 15_000 + END,
    "invented names": lambda: HEAD + INVOICE + b"".join(b"<a%d/>" % n for n in range(50_000)) + END,
    "unreadable LG": lambda: _numbered(EN, FA, *[LG[:22] + b"x" + LG[23:]] * 20_000),
    "unreadable FA": lambda: _numbered(EN, *[FA[:42] + b"x" + FA[43:]] * 10_000),
    "good and bad in turn": lambda: _numbered(EN, FA, *[LG[:22] + b"x" + LG[23:], LG] * 10_000),
    "good and bad FA in turn": lambda: _numbered(EN, *[FA, FA[:138] + b"x "] * 10_000),
    "FA of no day": lambda: _numbered(EN, *[FA[:42] + b"20250231" + FA[50:]] * 20_000),
    "short LG": lambda: EN + b"\n" + FA + b"\n" + b"LG\n" * 100_000,
    "records of no kind": lambda: EN + b"\n" + b"x\n" * 100_000,
    "a record without end": lambda: EN + b"\nFA" + b"x" * 30_000_000,
    "a header without end": lambda: b"EN" + b"x" * 30_000_000,
    "nothing but line feeds": lambda: EN + b"\n" * 8_000_000,
    "NULs": lambda: EN + b"\n" + b"\0" * 8_000_000,
    "titles of NULs": lambda: _numbered(EN, FA, *[LG[:67] + b"\0\x1b" * 30 + LG[127:]] * 10_000),
    "a crowded zip": lambda: _crowded(600_000),
    "empty lines after a header": lambda: FIXED[:141] + b"\n" * 1_000_000,
    "ends of file after a header": lambda: FIXED[:141] + b"\x1a\n" * 100_000,
    "instructions alone": lambda: b"<?a?>" * 100_000 + b"<a/>",
    "strays before the declarant": lambda: XML.replace(b"<declarant", b"<a/>" * 100_000 + b"<declarant"),
    "a title of two million letters": lambda: XML.replace("Titre n° 1".encode(), "é".encode() * 2_000_000),
    "noise": lambda: b"EN" + random.Random(1).randbytes(8_000_000),
}  # fmt: skip


def _rss(field: str) -> int:
    """Of this process, in kB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])


def facts(case: str) -> dict[str, Any]:
    """What checking that file comes to, in a process that has done nothing else."""
    with tempfile.TemporaryFile() as file:
        file.write(MADE[case]())
        file.seek(0)
        desk = aside(now=datetime(2026, 3, 1, 12, 0))
        check_file(desk, io.BytesIO(FIXED), "F.txt")  # what is needed once
        Path("/proc/self/clear_refs").write_text("5")
        before, begun = _rss("VmRSS"), time.process_time()
        found, _ = check_file(desk, file, "F.txt")
        return {
            "verdict": found.verdict,
            "codes": sorted(found.findings_by_code),
            "seconds": time.process_time() - begun,
            "megabytes": (_rss("VmHWM") - before) / 1024,
        }


if __name__ == "__main__":
    print(json.dumps(facts(sys.argv[1])))
