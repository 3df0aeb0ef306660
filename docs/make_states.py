"""Writes the state tables of the code into architecture.md. ``--check`` only says whether the page is up to date."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from jetstream_server.transfers.states import MANIFEST_MOVES, RECEIVING_MOVES, SENDING_MOVES

PAGE = Path(__file__).with_name("architecture.md")
BEGIN, END = "<!-- states: made by docs/make_states.py -->", "<!-- states end -->"


def table(title: str, moves: Mapping[tuple[StrEnum, StrEnum], StrEnum]) -> str:
    """One table in Markdown: states down, events across."""
    states = list(dict.fromkeys([*(state for state, _ in moves), *moves.values()]))
    events = list(dict.fromkeys(event for _, event in moves))
    lines = [f"**{title}**", "", "| state | " + " | ".join(event.value for event in events) + " |"]
    lines.append("| --- " * (len(events) + 1) + "|")
    for state in states:
        cells = [moves[state, event].value if (state, event) in moves else "" for event in events]
        lines.append(f"| {state.value} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page_with_tables(text: str) -> str:
    """*text* with the tables of today between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = [
        table("Manifest", MANIFEST_MOVES),
        table("Outgoing transfer", SENDING_MOVES),
        table("Incoming transfer", RECEIVING_MOVES),
    ]
    return before + BEGIN + "\n" + "\n\n".join(tables) + "\n" + END + after


def main() -> int:
    """0 if the page is, or was made, up to date."""
    text = PAGE.read_text(encoding="utf-8")
    wanted = page_with_tables(text)
    if "--check" in sys.argv:
        return int(text != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
