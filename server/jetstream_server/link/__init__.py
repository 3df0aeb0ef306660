"""Between nodes: the peer session, sealed blocks, and the carriers that move them."""
