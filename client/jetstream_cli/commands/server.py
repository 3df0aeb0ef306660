"""``jetstream server ...``"""

import typer

from jetstream_cli.serving import serve


def server(context: typer.Context) -> None:
    """Run a node until Ctrl-C. `jetstream server --help` lists its options."""
    raise typer.Exit(serve(context.args))
