"""Breaks a clean fixed file record by record, as a text table says: `set 4.record 0000099 ; renumber`."""

from schemas.lending.layout import LAYOUTS


def field_put(record: bytes, name: str, text: str) -> bytes:
    field = LAYOUTS[record[:2].decode()].field(name)
    value = text.encode("iso8859-15").ljust(field.width)
    assert len(value) == field.width, (name, text)
    return record[: field.first - 1] + value + record[field.last :]


def byte_put(record: bytes, position: int, value: bytes, over: int | None = None) -> bytes:
    width = len(value) if over is None else over
    return record[: position - 1] + value + record[position - 1 + width :]


def after(clean: bytes, steps: str) -> bytes:
    """A clean fixed file after the steps of a table's row; records are counted from 1 as they then stand."""
    records, end, tail, ended = clean.split(b"\n")[:-1], b"\n", b"", True
    for step in (part.lstrip() for part in steps.split(" ;")):
        verb, *words = step.split(" ")
        at = int(words[0].split(".")[0]) - 1 if words and verb not in ("append", "insert") else 0
        if verb == "set":
            records[at] = field_put(records[at], words[0].split(".")[1], " ".join(words[1:]))
        elif verb == "put":
            records[at] = byte_put(records[at], int(words[1]), bytes.fromhex(words[2]))
        elif verb in ("feed", "zap"):
            records[at] = byte_put(records[at], int(words[1]), b"\n", int(verb == "zap"))
        elif verb == "length":
            records[at] = records[at].ljust(int(words[1]), b" ")[: int(words[1])]
        elif verb == "cut":
            records, ended = [*records[:at], records[at][: int(words[1])]], False
        elif verb == "drop":
            del records[at]
        elif verb == "copy":
            records.insert(int(words[2]), records[at])
        elif verb == "swap":
            other = int(words[1]) - 1
            records[at], records[other] = records[other], records[at]
        elif verb == "join":
            records[at : at + 2] = [records[at] + records[at + 1]]
        elif verb == "insert":
            text = words[0].replace("\\n", "\n").replace("\\r", "\r").encode()
            records.insert(int(words[2]), text.removesuffix(b"\n"))
        elif verb == "append":
            tail += bytes.fromhex(words[0])
        elif verb == "crlf":
            end = b"\r\n"
        elif verb == "unended":
            ended = False
        elif verb == "renumber":
            records = [record[:2] + b"%07d" % place + record[9:] for place, record in enumerate(records, 1)]
        elif verb == "recount":
            records[-1] = field_put(records[-1], "lines", f"{sum(r[:2] == b'LG' for r in records):07d}")
        else:
            raise AssertionError(step)
    return end.join(records) + end * ended + tail
