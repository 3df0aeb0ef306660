"""``jetstream``: the entry point."""

import sys


def main() -> None:
    """The ``jetstream`` command; ends the process."""
    if sys.argv[1:2] == ["server"]:
        # A node needs nothing of the command line's own libraries, so it starts without them.
        from jetstream_cli.serving import serve

        sys.exit(serve(sys.argv[2:]))
    from jetstream_cli.app import app

    app()


if __name__ == "__main__":
    main()
