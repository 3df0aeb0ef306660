"""``jetstream doctor``"""

import json
import platform
import sys
import textwrap
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from jetstream.checks import Check
from jetstream.constants import BUILD_VERSION, DEFAULT_SERVER_ADDRESS
from jetstream.entities import to_wire
from jetstream.errors import InvalidParameters
from jetstream.findings import STEP_NAMES, Outcome, Step
from jetstream_cli import text
from jetstream_cli.diagnosing import Patient, make_round
from jetstream_cli.exits import DONE, FAILED, NO_NODE, NOT_ALLOWED, parsed, run
from jetstream_cli.masking import Masks
from jetstream_cli.node import ApiHost, ApiPort, ApiUser, Node
from jetstream_cli.secrets import password_for
from jetstream_cli.targets import read_target

DESTINATION_PASSWORD: Final = "JETSTREAM_API_PASSWORD"
_LOOKS: Final = {
    Outcome.OK: ("ok", "green"), Outcome.WARNING: ("warn", "yellow"), Outcome.FAILED: ("fail", "red"),
    Outcome.SKIPPED: ("skip", "dim"), Outcome.UNKNOWN: ("?", "dim"),
}
_WORD, _NAME, _INDENT, _NARROWEST = 6, 16, 22, 20
"""Widths of the columns of a terminal."""
_CONCLUSIONS: Final = {Outcome.FAILED: "Failed", Outcome.WARNING: "To look at", Outcome.UNKNOWN: "Could not be told"}
_CODES: Final = {"node-none": NO_NODE, "node-closed": NOT_ALLOWED}


def doctor(
    host: Annotated[str | None, typer.Argument(
        metavar="[[USER@]HOST[:PORT]]", show_default=False,
        help="Also the way to this node, with random bytes both ways for some seconds; the name of a destination "
             "will do.")] = None,
    throughput: Annotated[bool, typer.Option(
        "--throughput", help="Also send a test file and measure; it stays there as jetstream-doctor.bin.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON, with every fact.")] = False,
    report: Annotated[bool, typer.Option(
        "--report", help="A report to paste: names, addresses, users and folders are masked.")] = False,
    api_host: ApiHost = DEFAULT_SERVER_ADDRESS,
    api_port: ApiPort = None,
    api_user: ApiUser = None,
) -> None:
    """Look for what is in the way of transfers, and say what to do.

    Exit codes: 0 nothing failed, 1 something failed, 3 no node answers here, 4 it does not let this user in.
    """
    node = Node(api_host, api_port, api_user)
    with parsed():
        patient = None if host is None else _patient(host, throughput)
        if patient is None and throughput:
            raise InvalidParameters("--throughput needs a HOST to send to.")
    run(_doctor(node, patient, as_json, report))


def _patient(text: str, throughput: bool) -> Patient:
    try:
        target = read_target(text)
    except InvalidParameters:
        return Patient(text, None, throughput=throughput)  # perhaps the name of a destination
    if target.folder:
        raise InvalidParameters(f"{text!r} names a folder; the doctor looks at HOST[:PORT].")
    if target.user is None:
        return Patient(text, target, throughput=throughput)
    password = password_for(f"Password of {target.user} at {target.host}", DESTINATION_PASSWORD)
    return Patient(text, target, target.user, password, throughput)


async def _doctor(node: Node, patient: Patient | None, as_json: bool, report: bool) -> int:
    console = Console(file=sys.stdout, highlight=False)
    found: list[Check] = []

    def tell(one: Check) -> None:
        found.append(one)
        if not as_json and not report:
            console.print(_line(one, console.width if console.is_terminal else None), soft_wrap=True)

    await make_round(node, patient, tell)
    masks = Masks()
    if report:
        found = [masks.check(one) for one in found]
    if as_json:
        print(json.dumps(_as_json(found), indent=2))
    elif report:
        print("\n".join(report_lines(found)))
    else:
        console.print(f"\n{escape(conclusion(found))}", soft_wrap=True)
    return code_of(found)


def code_of(found: Sequence[Check]) -> int:
    """The exit code."""
    for one in found:
        if one.code in _CODES:
            return _CODES[one.code]
    return FAILED if any(one.failed for one in found) else DONE


def conclusion(found: Sequence[Check]) -> str:
    """All of it in a sentence."""
    parts = [f"{words}: {', '.join(names)}." for outcome, words in _CONCLUSIONS.items()
             if (names := [name_of(one.step) for one in found if one.outcome == outcome])]
    if not parts:
        return "All is well."
    return " ".join(parts if any(one.failed for one in found) else ["Nothing failed.", *parts])


def name_of(step: str) -> str:
    """What a step is called."""
    return STEP_NAMES[Step(step)] if step in set(Step) else text.shown(step)


def report_lines(found: Sequence[Check]) -> list[str]:
    """Text to paste."""
    version = ".".join(map(str, BUILD_VERSION))
    system = f"{platform.system()} {platform.release()}"
    lines = [f"JetStream {version} doctor, Python {platform.python_version()}, {system}"]
    for one in found:
        word = _LOOKS[Outcome(one.outcome)][0] if one.outcome in set(Outcome) else text.shown(one.outcome)
        lines.append(f"[{word:<4}] {name_of(one.step)}: {text.shown(one.text)}")
        if one.fix:
            lines.append(f"       do: {text.shown(one.fix)}")
    return [*lines, conclusion(found)]


def _line(one: Check, width: int | None) -> Text:
    """One finding as the terminal shows it, broken into lines of *width* if there is one."""
    word, style = _LOOKS[Outcome(one.outcome)] if one.outcome in set(Outcome) else (text.shown(one.outcome), "dim")
    line = Text(f"{word:<{_WORD}}", style)
    line.append(f"{name_of(one.step):<{_NAME}}", "default")
    line.append(_broken(text.shown(one.text), width), "dim" if one.outcome == Outcome.SKIPPED else "default")
    if one.fix:
        line.append("\n" + " " * _INDENT)
        line.append(_broken(f"→ {text.shown(one.fix)}", width), "cyan")
    return line


def _broken(words: str, width: int | None) -> str:
    if width is None or width < _INDENT + _NARROWEST:
        return words
    lines = textwrap.wrap(words, width - _INDENT, break_long_words=False, break_on_hyphens=False)
    return ("\n" + " " * _INDENT).join(lines)


def _as_json(found: Sequence[Check]) -> dict[str, Any]:
    worst = next((outcome for outcome in (Outcome.FAILED, Outcome.WARNING) if any(
        one.outcome == outcome for one in found)), Outcome.OK)
    return {"outcome": worst.value, "conclusion": conclusion(found), "checks": [to_wire(one) for one in found]}
