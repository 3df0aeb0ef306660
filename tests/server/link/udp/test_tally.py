"""What proved nothing, summed over sessions."""

import socket
import time
from collections import Counter

from helpers.datagrams import loopback_port
from jetstream_server.link.limiter import Limiter
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp.packets import heads_for, tag_of
from jetstream_server.link.udp.receiving import UdpReceiver
from jetstream_server.link.udp.tally import Dropped, LineStatistics, Tally


def test_sessions_count_while_they_run_and_after_they_have_ended_once() -> None:
    tally = Tally()
    first, second = LineStatistics(forged=2, moved=1), LineStatistics(replayed=1)
    for line in (first, second, first):
        tally.begin(line)
    first.forged += 1
    tally.end(first)
    tally.end(first)
    first.forged += 100
    second.unsent = 4
    found = tally.dropped(Counter({"of no session": 5, "too short": 6}))
    assert found == Dropped(stray=5, short=6, forged=3, replayed=1, unsent=4, moved=1)
    assert found.total == 19


def test_a_forged_packet_is_counted_by_the_node_also_after_its_session() -> None:
    port, key = loopback_port(), SessionKey(bytes(16), bytes(32))
    receiver = UdpReceiver(port, key, False, Limiter([], time.monotonic), lambda: None, lambda _: None)
    receiver.expect()
    forged = heads_for(tag_of(key.session), False, True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
        until = time.monotonic() + 20
        while not port.facts().dropped.forged and time.monotonic() < until:
            for head in forged:
                forger.sendto(head + bytes(60), ("127.0.0.1", port.listening[0].port))
            forger.sendto(b"scan", ("127.0.0.1", port.listening[0].port))
            time.sleep(0.01)
    receiver.close()
    facts = port.facts()
    port.close()
    assert facts.dropped.forged > 0
    assert facts.dropped.short > 0
    assert (facts.sockets, facts.trouble) == (1, "")
    assert facts.buffer > 0


def test_what_comes_before_there_is_any_session_is_counted() -> None:
    port = loopback_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scanner:
        until = time.monotonic() + 20
        while not port.facts().dropped.total and time.monotonic() < until:
            scanner.sendto(bytes(100), ("127.0.0.1", port.listening[0].port))
            time.sleep(0.01)
    stray = port.facts().dropped.stray
    port.close()
    assert stray > 0
