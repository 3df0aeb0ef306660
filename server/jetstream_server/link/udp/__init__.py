"""The ``udp`` carrier: fragments of sealed blocks in datagrams, repeated by selection, at a rate of its own."""
