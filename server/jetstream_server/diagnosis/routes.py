"""Reads the routing tables that Linux shows below ``/proc/net``. Pure."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def interface_in_ipv4(table: str, target: Address) -> str | None:
    """The interface of the best route to *target* in ``/proc/net/route``: longest prefix, then smallest metric.

    :raises ValueError: if the table has another form.
    """
    best: tuple[int, int, str] | None = None
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or not int(fields[3], 16) & 1:  # RTF_UP
            continue
        mask = _little_endian(fields[7])
        if int(target) & mask == _little_endian(fields[1]):
            best = _better(best, (mask.bit_count(), -int(fields[6]), fields[0]))
    return None if best is None else best[2]


def interface_in_ipv6(table: str, target: Address) -> str | None:
    """The same in ``/proc/net/ipv6_route``.

    :raises ValueError: if the table has another form.
    """
    best: tuple[int, int, str] | None = None
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < 10 or not int(fields[8], 16) & 1 or int(fields[8], 16) & 0x200:  # up, and no RTF_REJECT
            continue
        length = int(fields[1], 16)
        mask = ((1 << length) - 1) << (128 - length)
        if int(target) & mask == int(fields[0], 16) & mask:
            best = _better(best, (length, -int(fields[5], 16), fields[9]))
    return None if best is None else best[2]


def _little_endian(digits: str) -> int:
    return int.from_bytes(bytes.fromhex(digits), "little")


def _better(one: tuple[int, int, str] | None, other: tuple[int, int, str]) -> tuple[int, int, str]:
    return other if one is None or other[:2] > one[:2] else one
