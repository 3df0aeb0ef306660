"""The commands together. Exit codes are those of :mod:`jetstream_cli.exits`."""

from typing import Annotated

import typer

from jetstream.constants import BUILD_VERSION
from jetstream_cli.commands import api, doctor, get, ls, offers, send, server, share, steer, verify
from jetstream_cli.commands.user import user

_PASS_THROUGH = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
_METHOD_THEN_PARAMETERS = {"ignore_unknown_options": True, "allow_extra_args": True,
                           "allow_interspersed_args": False}

EPILOG = ("Exit codes: 0 done (every byte is on the receiver's disk), 1 failed, paused or cancelled, 2 wrong usage, "
          "3 no connection to a node, 4 not logged in or not allowed, 130 Ctrl-C.")

app = typer.Typer(name="jetstream", no_args_is_help=True, pretty_exceptions_enable=False, epilog=EPILOG,
                  help="Move files between machines, fast, over any network, with nobody watching over it.",
                  context_settings={"help_option_names": ["-h", "--help"]})


def _version(wanted: bool) -> None:
    if wanted:
        print("jetstream " + ".".join(map(str, BUILD_VERSION)))
        raise typer.Exit


@app.callback()
def _options(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True,
                                                   help="Show the version and exit.")] = False) -> None:
    pass


app.command()(send.send)
app.command()(get.get)
app.command()(share.share)
app.command()(ls.ls)
app.command()(offers.offers)
app.command()(offers.accept)
app.command()(offers.decline)
app.command()(doctor.doctor)
app.command()(steer.pause)
app.command()(steer.resume)
app.command()(steer.cancel)
app.command()(verify.verify)
app.command(context_settings=_PASS_THROUGH)(server.server)
app.add_typer(user, name="user")
app.command(context_settings=_METHOD_THEN_PARAMETERS)(api.api)
