"""The durable steps of `edi run`, as data: where each can be killed, in the order in which they happen.

`where` is a function of the product (`module:name`), a statement of SQL (`sql:` and how it begins), or the end of
the transaction that such a statement is in (`commit:`). `when`: just before it, just after it, or `half` way, with
half of the bytes written. `at` counts: the first time it happens in a run, the third...
"""

from typing import Literal, NamedTuple


class Step(NamedTuple):
    """A place at which a run can die."""

    step: str
    moment: str
    where: str
    when: Literal["before", "after", "half"]
    at: int = 1

    @property
    def name(self) -> str:
        """For test ids and the table of the documentation.

        >>> Step("T1", "committed", "commit:INSERT INTO receipt", "after", 3).name
        'T1: committed (3)'
        """
        return f"{self.step}: {self.moment}" + (f" ({self.at})" if self.at > 1 else "")

    @property
    def spec(self) -> str:
        """As the runner takes it."""
        return f"kill {self.when} {self.at} {self.where}"


_RECEIPT = "INSERT INTO receipt"
_VERDICT = "UPDATE receipt SET state = 'answered'"
_SENT = "UPDATE answer SET sent_at"

STEPS = (
    Step("home made", "tables half made", "sql:CREATE TABLE invoice", "after"),
    Step("home made", "migration committed", "commit:CREATE TABLE invoice", "after"),
    Step("remote listed", "before", "edi.intake.fetch:listing", "before"),
    Step("remote listed", "after", "edi.intake.fetch:listing", "after"),
    Step("bytes fetched", "before", "edi.intake.fetch:pull", "before"),
    Step("bytes fetched", "half of them", "spool.folder:_write_all", "half"),
    Step("bytes fetched", "before they are flushed", "os:fsync", "before"),
    Step("bytes fetched", "after", "edi.intake.fetch:pull", "after", 3),
    Step("renamed", "before", "os:replace", "before"),
    Step("renamed", "after", "os:replace", "after"),
    Step("T1", "written, not committed", f"sql:{_RECEIPT}", "after"),
    Step("T1", "committed", f"commit:{_RECEIPT}", "after"),
    Step("T1", "committed", f"commit:{_RECEIPT}", "after", 3),
    Step("remote archived", "before", "edi.intake.fetch:archive", "before"),
    Step("remote archived", "moved over SFTP", "spool.sftp.remote:SftpRemote.move", "after"),
    Step("remote archived", "linked, not unlinked, in a local folder", "os:link", "after"),
    Step("remote archived", "after", "edi.intake.fetch:archive", "after", 5),
    Step("remote archived", "that not noted", "edi.intake.fetch:note_archived", "before", 3),
    Step("remote archived", "that written, not committed", "sql:UPDATE receipt SET archived_at", "after"),
    Step("checked", "before", "edi.lending.booking.booking:stage", "before", 2),
    Step("checked", "after", "edi.lending.booking.booking:stage", "after", 2),
    Step("T2", "declaration written", "sql:INSERT INTO declaration", "after"),
    Step("T2", "invoices written", "sql:INSERT INTO invoice", "after"),
    Step("T2", "answers written", "sql:INSERT INTO answer", "after", 2),
    Step("T2", "verdict written", f"sql:{_VERDICT}", "after"),
    Step("T2", "half copied to quarantine", "os:replace", "before", 10),
    Step("T2", "copied to quarantine, not committed", "spool.folder:Folder.quarantine", "after"),
    Step("T2", "committed", f"commit:{_VERDICT}", "after"),
    Step(
        "T2",
        "a refused file's committed, its lines not discarded",
        "edi.lending.booking.stored_lines:_delete",
        "before",
        8,
    ),
    Step("T2", "a duplicate's committed", f"commit:{_VERDICT}", "after", 5),
    Step("T2", "a replacement's withdrawals written", "sql:INSERT INTO withdrawal", "after"),
    Step("T2", "the last one's committed", f"commit:{_VERDICT}", "after", 9),
    Step("reconciled", "before", "edi.lending.matching.reconciling:reconcile", "before"),
    Step("placed", "a piece of the match table written", "sql:INSERT INTO twin", "after", 3),
    Step("placed", "a piece of it committed", "commit:INSERT INTO twin", "after", 3),
    Step("reconciled", "outcomes written", "sql:INSERT INTO outcome SELECT", "after"),
    Step("posted", "entries written", "sql:INSERT INTO entry", "after"),
    Step("posted", "run written", "sql:INSERT INTO posting_run", "after"),
    Step("posted", "a piece committed", "commit:INSERT INTO posting_run", "after"),
    Step("posted", "a piece committed", "commit:INSERT INTO posting_run", "after", 3),
    Step("posted", "the pass committed", "commit:DELETE FROM touched", "after"),
    Step("told", "before", "edi.schemes:send_pending", "before"),
    Step("told", "a status file written", "sql:INSERT OR REPLACE INTO told_to", "after"),
    Step("told", "a status file committed", "commit:INSERT OR REPLACE INTO told_to", "after"),
    Step("told", "a status file committed", "commit:INSERT OR REPLACE INTO told_to", "after", 3),
    Step("answer pushed", "half held in outgoing", "os:replace", "before", 12),
    Step("answer pushed", "before", "edi.intake.outgoing:push", "before"),
    Step("answer pushed", "half of its bytes", "paramiko:SFTPFile.write", "half"),
    Step("answer pushed", "not renamed in a local folder", "os:replace", "before", 59),
    Step("answer pushed", "not renamed", "spool.sftp.remote:SftpRemote._replace", "before", 2),
    Step("answer pushed", "renamed", "spool.sftp.remote:SftpRemote._replace", "after", 2),
    Step("answer pushed", "after", "edi.intake.outgoing:push", "after"),
    Step("answer marked sent", "not committed", f"sql:{_SENT}", "after"),
    Step("answer marked sent", "committed", f"commit:{_SENT}", "after"),
    Step("answer marked sent", "committed", f"commit:{_SENT}", "after", 7),
    Step("answer marked sent", "copy removed from outgoing", "spool.folder:Folder.remove", "after"),
)


class Kind(NamedTuple):
    """A kind of call that can be made to fail, and how the world words it."""

    name: str
    what: str


KINDS = (
    Kind("write-enospc", "a write to a file of ours or of a local link: disk full"),
    Kind("write-eio", "the same: the disk fails"),
    Kind("fsync-eio", "a flush of a file or folder to the disk: the disk fails"),
    Kind("rename-eio", "a rename or hard link: the disk fails"),
    Kind("name-enospc", "a file or folder made or removed: disk full"),
    Kind("open-emfile", "a file opened: too many open files"),
    Kind("sftp-refused", "an SFTP request: refused by the server"),
    Kind("sftp-lost", "an SFTP request: the connection is gone before it is sent"),
    Kind("sftp-lost-after", "an SFTP request: the connection is gone before its answer comes"),
    Kind("sql-locked", "a statement of SQL: database is locked"),
    Kind("sql-full", "a statement of SQL: database or disk is full, and SQLite has undone the transaction"),
    Kind("sql-eio", "a statement of SQL: disk I/O error"),
    Kind("stdout-epipe", "a line on standard output: nobody reads it"),
    Kind("stdout-enospc", "a line on standard output: disk full"),
)
