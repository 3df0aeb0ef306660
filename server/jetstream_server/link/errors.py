"""Why a link to another node could not be made or could not go on.

Each error is a sentence for the person whose transfer waits or fails; ``retry`` says whether trying again by itself
can help.
"""


class LinkError(Exception):
    """Base of everything that ends a session between two nodes."""

    retry = True

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unreachable(LinkError):
    """Nobody answers at the address, or the name is not known."""


class LinkLost(LinkError):
    """The link broke, or showed no sign of life."""


class NotJetStream(LinkError):
    """Something answers there, but it is no JetStream node."""

    retry = False


class IdentityChanged(LinkError):
    """The node there shows another identity than the one we know."""

    retry = False


class Refused(LinkError):
    """The other node understood, and said no."""

    retry = False


class PeerViolation(LinkError):
    """The other node broke the protocol."""

    retry = False
