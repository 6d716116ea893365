"""How long a run waits for whom, and how much it does at once. Nobody sets these but tests."""

import msgspec


class Timing(msgspec.Struct, frozen=True):
    """The pace of a run, in seconds of a clock that never goes back."""

    #: Links that are talked to at once. One that takes longer than its slot does not count any more: slow ones keep no
    #: place from others.
    links_at_once: int = 16
    slot_seconds: float = 5
    #: A pass waits this long for its links, then goes on with what has come. One that waits for slow ones too looks
    #: this often at least for what they brought.
    patience_seconds: float = 2
    most_patience_seconds: float = 15
    #: Declarants are told what came of a pass for so long; after that files are taken again, and the next pass goes on.
    telling_seconds: float = 5
    #: Asked to end, links have so long to come to an end by themselves.
    grace_seconds: float = 5
    #: How often local folders are looked into where watching tells nothing, as on network shares.
    look_seconds: float = 2
    #: A file that is still being written does not make us look more often than this.
    breath_seconds: float = 0.5
    #: A link that cannot be reached is tried ever more seldom, but at least this often.
    seldom_seconds: float = 300
