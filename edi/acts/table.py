"""The table of acts: by what words each is asked for, its function, whose it is, whether it writes. What is common to all
schemes stands here, what is asked of one in the folder of its name; what each says of itself in the `acts.toml` beside.
"""

from functools import cache
from pathlib import Path

import msgspec

from edi.acts import checking, links, partners, taking
from edi.acts.lending import table as lending
from edi.core.act import Act
from schemas.lending.lists import SIDE
from schemas.text import Both

GENERAL = (
    Act("demo", taking.demo, role="declarant", writes=True, home="fresh"),
    Act("run", taking.run, role="operator", writes=True, lasting=True),
    Act("status", taking.status),
    Act("check", checking.check, role="declarant", home="none", more=("html",)),
    Act("convert", checking.convert, role="declarant", home="none"),
    Act("ingest", taking.ingest, role="operator", writes=True),
    Act("spec", checking.spec, home="none"),
    Act("sandbox", taking.sandbox, role="declarant", writes=True, home="fresh", lasting=True),
    Act("quarantine list", taking.quarantine),
    Act("quarantine show", taking.held),
    Act("quarantine release", taking.release, role="operator", writes=True),
    Act("quarantine discard", taking.discard, role="operator", writes=True),
    Act("partners import", partners.import_, role="operator", writes=True),
    Act("partners list", partners.listing),
    Act("partners search", partners.search),
    Act("partners show", partners.show),
    Act("partners request add", partners.ask, role="operator", writes=True),
    Act("partners request import", partners.ask_file, role="operator", writes=True),
    Act("partners request list", partners.requests),
    Act("partners request take", partners.act, role="operator", writes=True, fixed={"act": "take"}),
    Act("partners request answer", partners.answer, role="operator", writes=True),
    Act("partners request refuse", partners.act, role="operator", writes=True, fixed={"act": "refuse"}),
    Act("link list", links.links, role="operator"),
    Act("link test", links.test, role="operator"),
    Act("link trust", links.trust, role="operator", writes=True),
    Act("link pause", links.set_paused, role="operator", writes=True, fixed={"paused": True}),
    Act("link resume", links.set_paused, role="operator", writes=True, fixed={"paused": False}),
    Act("answers list", links.answers),
    Act("answers resend", links.resend, role="operator", writes=True),
)  # fmt: skip
ACTS = (*GENERAL, *lending.ACTS)
BY_NAME = {act.name: act for act in ACTS}
_ROOMS = tuple(Path(table).with_name("acts.toml") for table in (__file__, lending.__file__))


class Help(Both, frozen=True):
    """What an act does, a sentence (then a blank line and more), and how it is asked for."""

    examples: tuple[str, ...]


class Texts(msgspec.Struct, frozen=True):
    """What acts say of themselves: each by its name, groups by the words their acts begin with; what the schemes are about."""

    acts: dict[str, Help]
    groups: dict[str, Both]
    titles: tuple[Both, ...] = ()


@cache
def texts() -> Texts:
    """The texts of all acts, read once they are wanted: most commands want none."""
    import tomllib

    files = (path.read_text("utf-8").replace("{role}", SIDE[0].word) for path in _ROOMS)
    rooms = [msgspec.convert(tomllib.loads(text), Texts) for text in files]
    acts, groups = (
        {name: of for room in rooms for name, of in getattr(room, part).items()} for part in ("acts", "groups")
    )
    return Texts(acts, groups, tuple(title for room in rooms for title in room.titles))
