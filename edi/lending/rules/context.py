"""What the checks need beside the file: who we are, what day it is, the directory, who may speak."""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from edi.core.partners import Partner


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks need beside the file. `now` is Paris wall-clock time; `speaks_for` None means everybody."""

    our_gln: str
    now: datetime
    directory: Mapping[str, Partner] = msgspec.field(default_factory=dict)
    speaks_for: Collection[str] | None = None
