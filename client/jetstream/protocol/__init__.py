"""The wire, without any I/O: bytes in, events out; messages in, bytes out. Both roles, both ends."""
