"""XML is parsed in a thread that ends with it: the names it invented go with that thread."""

import io
import threading
from typing import Any

from parsers import xml
from tests.declarations import BASES, written


class Heard(io.BytesIO):
    """A stream that notes in which threads it is read line by line."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.threads: set[threading.Thread] = set()

    def readline(self, *given: Any) -> bytes:
        self.threads.add(threading.current_thread())
        return super().readline(*given)


def test_each_file_has_a_thread_of_its_own_and_it_ends() -> None:
    streams = [Heard(written(BASES["supplier"], "xml")) for _ in range(2)]
    for stream in streams:
        assert list(xml.read_in_bulk(stream))

    first, second = (stream.threads for stream in streams)
    assert len(first) == len(second) == 1 and first != second
    assert threading.current_thread() not in first | second
    assert not any(thread.is_alive() for thread in first | second)
