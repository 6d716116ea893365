"""The published rules of a "fichier des écritures comptables", written from the text alone: LPF art. A47 A-1, VII.

Shares nothing with what writes the file: bytes in, a list of what is wrong out.
"""

import re
from collections import defaultdict
from datetime import date
from decimal import Decimal

HEAD = [
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
]
MAY_BE_BLANK = {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"}
DATES = ("EcritureDate", "PieceDate", "ValidDate")


def luhn(digits: str) -> bool:
    return sum(sum(divmod(int(c) * (1 + place % 2), 10)) for place, c in enumerate(reversed(digits))) % 10 == 0


def day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if re.fullmatch("[0-9]{8}", text) else None
    except ValueError:
        return None


def wrongs(name: str, data: bytes) -> list[str]:
    """What the tax office's rules have against a file of that name; empty when nothing."""
    named = re.fullmatch(r"([0-9]{9})FEC([0-9]{8})\.txt", name)
    if not named or not luhn(named[1]) or not (closing := day(named[2])):
        return ["name"]
    try:
        lines = data.decode("iso8859-15").split("\r\n")
    except UnicodeDecodeError:
        return ["charset"]
    found = [] if lines[-1] == "" else ["no end of line"]
    if lines[0].split("\t") != HEAD:
        return [*found, "heads"]
    entries: dict[str, list[dict[str, str]]] = defaultdict(list)
    accounts: dict[str, set[str]] = defaultdict(set)
    last = 0
    for place, line in enumerate(lines[1:-1], 2):
        fields = dict(zip(HEAD, line.split("\t"), strict=False))
        if line.count("\t") != 17:
            found.append(f"{place}: not 18 fields")
            continue
        found += [f"{place}: {n} is blank" for n in HEAD if n not in MAY_BE_BLANK and not fields[n].strip()]
        found += [f"{place}: {n} is no day" for n in DATES if not day(fields[n])]
        found += [
            f"{place}: {n} {fields[n]}" for n in ("Debit", "Credit") if not re.fullmatch(r"[0-9]+,[0-9]{2}", fields[n])
        ]
        if not re.match("[1-8][0-9]{2}", fields["CompteNum"]):
            found.append(f"{place}: account {fields['CompteNum']}")
        if bool(fields["CompAuxNum"]) != bool(fields["CompAuxLib"]):
            found.append(f"{place}: half an auxiliary account")
        if found:
            continue
        number = int(fields["EcritureNum"])
        if number not in (last, last + 1):
            found.append(f"{place}: number {number} after {last}")
        last = number
        written, valid = day(fields["EcritureDate"]), day(fields["ValidDate"])
        assert written and valid
        if not date(closing.year, 1, 1) <= written <= closing:
            found.append(f"{place}: outside the book")
        if valid < written:
            found.append(f"{place}: valid before it was written")
        entries[fields["EcritureNum"]].append(fields)
        accounts[fields["CompteNum"]].add(fields["CompteLib"])
    found += [f"account {number} has {len(labels)} names" for number, labels in accounts.items() if len(labels) > 1]
    for number, rows in entries.items():
        debit, credit = (sum(Decimal(row[side].replace(",", ".")) for row in rows) for side in ("Debit", "Credit"))
        if debit != credit or not debit:
            found.append(f"entry {number}: {debit} against {credit}")
        if len({(row["JournalCode"], row["EcritureDate"]) for row in rows}) > 1:
            found.append(f"entry {number} is of two journals or days")
    days = [rows[0]["EcritureDate"] for rows in entries.values()]
    return found + (["days go back"] if days != sorted(days) else [])
