"""The blocking face of the API, as published: camelCase, plain dicts, no thread and no event loop."""

from jetstream.blocking.client import APIInterface, JetStream
from jetstream.blocking.groups import RecvInterface, SendInterface, ServerInterface

__all__ = ["APIInterface", "JetStream", "RecvInterface", "SendInterface", "ServerInterface"]
