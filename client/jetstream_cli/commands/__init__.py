"""The subcommands. Each module has one function per command, with its options; the work is done by the node."""
