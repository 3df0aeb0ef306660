"""The layers that a test of a destination passes, in order, and what to do where it stops."""

import enum
from dataclasses import dataclass

from jetstream_desktop.i18n import tr


class Layer(enum.Enum):
    """A step of the test."""

    NAME = "name"
    ROUTE = "route"
    PROTOCOL = "protocol"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one layer did: *ok* is ``None`` where the test did not get to it."""

    layer: Layer
    ok: bool | None
    text: str
    fix: str = ""


def layer_name(layer: Layer) -> str:
    """What a layer is called."""
    return {Layer.NAME: tr("Name"), Layer.ROUTE: tr("Route and port"), Layer.PROTOCOL: tr("Protocol"),
            Layer.IDENTITY: tr("Identity")}[layer]


def untested(after: Layer) -> tuple[Finding, ...]:
    """The layers behind the one that failed."""
    layers = list(Layer)
    return tuple(Finding(layer, None, tr("not tried")) for layer in layers[layers.index(after) + 1 :])
