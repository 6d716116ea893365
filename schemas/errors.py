"""World trouble: the errors a person is told of, in their language.

Content is never an error but a `Finding`; our own mistakes are assertions.
"""

from schemas.text import Both, Text, filled, say


class EdiError(Exception):
    """Something failed outside the program. `says` is the message, its places filled by the facts given; `text` is what
    a person is told, `str()` of it French."""

    says: Text = "{why}"
    #: Whether trying again later may help.
    transient = False

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        self.text = filled(self.says, **facts)
        super().__init__(say(self.text, "fr"))


class Unreadable(EdiError):
    """A file or database that cannot be read."""

    says = Both("{path} : illisible ({why}).", "{path}: cannot be read ({why}).")


class SettingsWrong(EdiError):
    """Settings that say something impossible."""

    says = Both("{path} : {why}. Corriger puis relancer.", "{path}: {why}. Mend it, then try again.")


class HomeBusy(EdiError):
    """Another process has the home."""

    says = Both(
        "{home} est occupé par {who}. Attendre ou arrêter ce processus.",
        "{home} is held by {who}. Wait, or stop that process.",
    )


class HomeTooNew(EdiError):
    """A newer version wrote the home."""

    says = Both(
        "{home} vient d'une version plus récente. Mettre edi à jour.",
        "{home} was written by a newer version. Update edi.",
    )


class NotFound(EdiError):
    """What was asked for is not there."""

    says = Both("{what} : inconnu.", "{what}: unknown.")


class NotAllowed(EdiError):
    """What was asked for may not be done; `why` says it all."""


class LinkError(EdiError):
    """Trouble with a link that only people can mend."""

    says = Both("Liaison {link} : {why}.", "Link {link}: {why}.")


class LinkAway(LinkError):
    """A link that cannot be reached now."""

    says = Both(
        "Liaison {link} injoignable : {why}. Nouvel essai au prochain passage.",
        "Link {link} is away: {why}. Tried again next pass.",
    )
    transient = True


class HostKeyUnknown(LinkError):
    """A server whose key was never pinned."""

    says = Both(
        "Liaison {link} : clé d'hôte inconnue {fingerprint}. Vérifier avec le partenaire, puis : "
        "edi link trust {link} --fingerprint {fingerprint}",
        "Link {link}: unknown host key {fingerprint}. Check it with the partner, then: "
        "edi link trust {link} --fingerprint {fingerprint}",
    )


class HostKeyChanged(LinkError):
    """A server that shows another key than the one pinned."""

    says = Both(
        "Liaison {link} : la clé d'hôte a changé ({fingerprint}). Rien n'a été échangé. Vérifier avec le partenaire, puis : "
        "edi link trust {link} --fingerprint {fingerprint}",
        "Link {link}: the host key has changed ({fingerprint}). Nothing was exchanged. Check it with the partner, then: "
        "edi link trust {link} --fingerprint {fingerprint}",
    )


class LoginRefused(LinkError):
    """A server that does not let us in."""

    says = Both(
        "Liaison {link} : identification refusée ({why}). Vérifier utilisateur, clé ou mot de passe.",
        "Link {link}: login refused ({why}). Check user, key or password.",
    )
