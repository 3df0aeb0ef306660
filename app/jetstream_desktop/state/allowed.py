"""Identities that may send here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Allowed:
    """An identity and what its owner is called here."""

    fingerprint: str
    name: str = ""


def fingerprint_in(text: str) -> str | None:
    """The fingerprint that someone typed or pasted, with or without colons and blanks; ``None`` if it is none."""
    plain = re.sub(r"[\s:.-]", "", text).lower()
    return plain if re.fullmatch(r"[0-9a-f]{64}", plain) else None


def allowed_from(value: Mapping[str, Any]) -> Allowed:
    """Reads an entry as the API gives it."""
    return Allowed(str(value.get("fingerprint") or value.get("clientPublicKey") or ""), str(value.get("name") or ""))
