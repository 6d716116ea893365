"""World trouble: the errors a person is told of. The docstring of the class is the message.

Content is never an error but a `Finding`; our own mistakes are assertions.
"""


class EdiError(Exception):
    """Quelque chose a échoué hors du programme. / Something failed outside the program."""

    #: Whether trying again later may help.
    transient = False

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(" ".join((type(self).__doc__ or "").split()).format(**facts))


class Unreadable(EdiError):
    """{path} : illisible ({why}). / {path}: cannot be read ({why})."""


class SettingsWrong(EdiError):
    """{path} : {why}. Corriger puis relancer. / {path}: {why}. Mend it, then try again."""


class HomeBusy(EdiError):
    """{home} est occupé par {who}. Attendre ou arrêter ce processus. / {home} is held by {who}."""


class HomeTooNew(EdiError):
    """{home} vient d'une version plus récente. Mettre edi à jour. / {home} was written by a newer version; update edi."""


class NotFound(EdiError):
    """{what} : inconnu. / {what}: unknown."""


class NotAllowed(EdiError):
    """{why}"""


class LinkError(EdiError):
    """Liaison {link} : {why}. / Link {link}: {why}."""


class LinkAway(LinkError):
    """Liaison {link} injoignable : {why}. Nouvel essai au prochain passage. / Link {link} is away: {why}. Tried again next pass."""

    transient = True


class HostKeyUnknown(LinkError):
    """Liaison {link} : clé d'hôte inconnue {fingerprint}. Vérifier avec le partenaire, puis : edi link trust {link} --fingerprint {fingerprint} / Link {link}: unknown host key; check it with the partner, then trust it."""


class HostKeyChanged(LinkError):
    """Liaison {link} : la clé d'hôte a changé ({fingerprint}). Rien n'a été échangé. Vérifier avec le partenaire, puis : edi link trust {link} --fingerprint {fingerprint} / Link {link}: the host key has changed. Nothing was exchanged."""


class LoginRefused(LinkError):
    """Liaison {link} : identification refusée ({why}). Vérifier utilisateur, clé ou mot de passe. / Link {link}: login refused."""
