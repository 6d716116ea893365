"""Answers that wait to be sent: a copy of each in outgoing/, where an operator looks; and sending them."""

from collections import Counter
from pathlib import Path

from edi.core.desk import Desk
from edi.core.settings import LOCAL
from edi.intake.answers import answer_of, note, waiting
from edi.intake.channel import Talk
from edi.intake.correcting import body, hold
from schemas.errors import EdiError
from spool.push import push

#: An answer refused so often in a home: the home's others are left for the next pass.
_REFUSALS = 3


def deliver(desk: Desk) -> None:
    """Answers to files given on the command line stay in outgoing/local: being there is being sent."""
    for number in waiting(desk, LOCAL):
        if hold(desk, LOCAL, answer_of(desk, number)) is not None:
            note(desk, number)


class Outgoing:
    """The copies in outgoing/ of what waits, by the answer's number. Begins with none: what is to be sent is put there again."""

    def __init__(self, desk: Desk) -> None:
        self._copies: dict[int, Path] = {}
        for link in desk.home.settings.link:
            for path in desk.folder.queued(link.name):
                desk.folder.remove(path)

    def fill(self, desk: Desk) -> None:
        """Puts there what waits to be sent, whether or not its link is there."""
        deliver(desk)
        for link in desk.home.settings.link:
            for number in waiting(desk, link.name):
                if number not in self._copies and (path := hold(desk, link.name, answer_of(desk, number))) is not None:
                    self._copies[number] = path

    def sent(self, desk: Desk, number: int) -> None:
        """Removes the copy of an answer, now that it is pushed."""
        if number in self._copies:
            desk.folder.remove(self._copies.pop(number))


def send(talk: Talk, outgoing: Outgoing) -> None:
    """Pushes the answers that wait for a link. One that it refuses is noted; raises LinkAway when the link is lost."""
    desk, link, refused = talk.desk, talk.link, Counter[str]()
    for number in waiting(desk, link.name):
        talk.go_on()
        answer = answer_of(desk, number)
        if refused[answer["home"]] >= _REFUSALS:
            continue
        try:
            with body(desk, answer) as content:
                push(talk.remote, link, answer["home"], answer["name"], content)
        except EdiError as wrong:
            note(desk, number, wrong.text)
            if wrong.transient:
                raise
            refused[answer["home"]] += 1
            talk.done.troubles.append((wrong.text, answer["name"]))
            continue
        note(desk, number)
        outgoing.sent(desk, number)
        talk.done.pushed += 1
        facts = {"home": answer["home"], "file": answer["name"], "declarant": answer["declarant"]}
        talk.channel.tell("pushed", {"link": link.name, **facts})
