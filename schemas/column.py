"""A column of a table: one idea for whoever writes it, on a terminal, as CSV, as a workbook, as JSON or on a page."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from schemas.text import Both, Text

Row = Mapping[str, Any]
#: What a column holds: `cents` integers, `rate` a decimal string, `date` and `moment` ISO text, `word` a key of its `words`.
Kind = Literal["text", "int", "cents", "rate", "date", "moment", "word"]


class Column(msgspec.Struct, frozen=True):
    """`name` is the fact in a row, `head` what people read above it, `width` in characters of a spreadsheet.

    On a page a `rare` column is left out where no row has it, and one that is `folded` may run over several lines.
    `value` makes of a row what people are shown where that is not the fact itself.
    """

    name: str
    head: Text
    kind: Kind = "text"
    width: int = 12
    words: Mapping[str, Text] = {}
    rare: bool = False
    folded: bool = False
    value: Callable[[Row], Any] | None = None

    def of(self, row: Row) -> Any:
        """What a row holds in this column; None for nothing.

        >>> Column("sum", "", value=lambda row: row["a"] + row["b"]).of({"a": 1, "b": 2})
        3
        """
        return row.get(self.name) if self.value is None else self.value(row)


def word(names: str, head: Text, words: Mapping[str, Both], **more: Any) -> Column:
    """A column of codes that people read as words."""
    return Column(names, head, "word", words=words, **more)
