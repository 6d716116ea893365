"""GLNs that declarations name and the directory does not know: a referencing request is opened for each, once.

Which are named is the view `named`; the acts that follow a request are `edi.directory.requests`.
"""

from datetime import datetime

from edi.core.desk import Desk

_ASK = """
INSERT INTO request (about, gln, name, role, postcode, city, declaration)
SELECT gln, gln, '', role, '', '', min(declaration) FROM named WHERE {which}
AND EXISTS (SELECT 1 FROM partner) AND gln NOT IN (SELECT gln FROM partner) AND gln NOT IN (SELECT about FROM request)
GROUP BY gln ORDER BY min(declaration), gln
"""


def ask(desk: Desk, declaration: int | None, now: datetime) -> None:
    """Asks for every GLN of a booked declaration, or of all, that the directory, where there is one, does not know.

    Within the caller's transaction: T2, or that which brings the first partners.
    """
    last = desk.db.execute("SELECT coalesce(max(id), 0) FROM request").fetchone()[0]
    every = "invoice NOT IN (SELECT invoice FROM withdrawal)"
    desk.db.execute(_ASK.format(which=every if declaration is None else f"declaration = {declaration:d}"))
    desk.db.execute(
        "INSERT INTO request_act (request, act, who, reason, at, gln) SELECT r.id, 'ask', d.declarant, '', ?, '' "
        "FROM request r JOIN declaration d ON d.id = r.declaration WHERE r.id > ?",
        (now.isoformat(), last),
    )
