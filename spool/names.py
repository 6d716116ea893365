"""File names from outside made safe, and which of them are collected (format, section 5).

A partner chooses the name of a file, and it comes back in paths, terminals, answers and web pages. `safe`
keeps what is harmless as it is; what it has to touch gets eight digits of the original's sha256, so that
two names never become one by being cleaned.

>>> safe("Déclaration 2025 (2).txt")
'Déclaration 2025 (2).txt'
>>> safe("../../etc/passwd")
'passwd~3754d6cb'
>>> declared("DECL2025.TXT.rdy"), is_ready("DECL2025.TXT.rdy"), is_collected("DECL2025.TXT.part")
('DECL2025.TXT', True, False)
"""

import hashlib
import re

#: The longest safe name in bytes of UTF-8: room is left for what answers and archives add, below 255.
LONGEST = 200
_LONGEST_EXTENSION = 20
_READY = ".rdy"
_UNFINISHED = (".part", ".tmp", ".filepart")


def readable(raw: str) -> str:
    """`raw` without surrogates: bytes that are not UTF-8 are read as Windows-1252, as old clients send them.

    >>> readable(b"d\\xe9cl.txt".decode("utf-8", "surrogateescape"))
    'décl.txt'
    """
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        return raw.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return raw


def is_ready(name: str) -> bool:
    """Whether the sender says by the suffix `.rdy` that the file is complete."""
    return name.lower().endswith(_READY)


def declared(name: str) -> str:
    """The declaration's own name: proper text, without `.rdy`."""
    name = readable(name)
    return name[: -len(_READY)] if is_ready(name) else name


def is_collected(name: str) -> bool:
    """Whether a file of this name is ever taken: not while it is written, not when hidden."""
    name = declared(name)
    return bool(name) and not name.startswith(".") and not name.lower().endswith(_UNFINISHED)


def safe(name: str) -> str:
    """A file name that is harmless here and on any server: one segment, printable, at most 200 bytes.

    The same name always gives the same answer, and a safe name is its own.
    """
    text = readable(name)
    base = re.split(r"[/\\]", text)[-1]
    clean = "".join(c if c.isprintable() else "_" for c in base).strip()
    clean = re.sub(r"^[.\-~]+", "_", clean).rstrip(". ") or "sans-nom"
    if clean == name and len(clean.encode()) <= LONGEST:
        return clean
    mark = "~" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    stem, dot, extension = clean.rpartition(".")
    if not dot or not stem or len(extension.encode()) > _LONGEST_EXTENSION:
        stem, dot, extension = clean, "", ""
    room = LONGEST - len((mark + dot + extension).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip() + mark + dot + extension


def archived(name: str, sha256: str, count: int = 1) -> str:
    """The name under which a taken file is archived; `count` tells apart files that are the same twice.

    >>> archived("DECL.TXT", "9f86d081884c7d65" + 48 * "0"), archived("DECL.TXT", "9f86d081" + 56 * "0", 2)
    ('DECL.TXT.9f86d081', 'DECL.TXT.9f86d081.2')
    """
    again = f".{count}" if count > 1 else ""
    return f"{safe(name)}.{sha256[:8]}{again}"
