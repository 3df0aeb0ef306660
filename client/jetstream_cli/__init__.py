"""The ``jetstream`` command: one file per subcommand in :mod:`jetstream_cli.commands`, all on :mod:`jetstream.aio`."""
