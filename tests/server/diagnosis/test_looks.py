"""The node looks at itself."""

import ipaddress
from pathlib import Path

import pytest

from jetstream_server.diagnosis import looks, system
from jetstream_server.diagnosis.looks import (
    Circumstances,
    buffers,
    datagrams,
    dropped,
    interface,
    look_around,
    own_folder,
)
from jetstream_server.diagnosis.routes import interface_in_ipv4, interface_in_ipv6
from jetstream_server.diagnosis.system import Interface
from jetstream_server.files.landing import Landing
from jetstream_server.link.udp.datagrams import WAYS
from jetstream_server.link.udp.port import PortFacts
from jetstream_server.link.udp.tally import Dropped

IPV4 = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
eth9\t00000A0A\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
ZERO = "0" * 32
IPV6 = f"""fe800000000000000000000000000000 40 {ZERO} 00 {ZERO} 00000100 00000002 00000000 00000001 eth0
{ZERO} 00 {ZERO} 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003 eth0
fd000000000000000000000000000000 08 {ZERO} 00 {ZERO} 00000100 00000002 00000000 00000001 tun0
{ZERO} 00 {ZERO} 00 {ZERO} ffffffff 00000001 00000000 00200200 lo
"""


def about(folder: Path, **more: object) -> Circumstances:
    values = {"version": "0.1.0", "name": "here", "uptime": 1, "bound_to": "", "api_port": 1, "receive_port": 1,
              "folder": folder}
    return Circumstances(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("target", "name"), [
    ("192.0.2.7", "eth0"), ("8.8.8.8", "eth0"), ("10.1.2.3", "tun0"), ("10.10.0.1", "tun0"),
])
def test_routes_of_ipv4(target: str, name: str) -> None:
    assert interface_in_ipv4(IPV4, ipaddress.ip_address(target)) == name


@pytest.mark.parametrize(("target", "name"), [("fe80::1", "eth0"), ("2001:db8::1", "eth0"), ("fd12::1", "tun0")])
def test_routes_of_ipv6(target: str, name: str) -> None:
    assert interface_in_ipv6(IPV6, ipaddress.ip_address(target)) == name


def test_no_route() -> None:
    assert interface_in_ipv4(IPV4.splitlines()[0], ipaddress.ip_address("8.8.8.8")) is None
    assert interface_in_ipv6("", ipaddress.ip_address("::1")) is None


@pytest.mark.skipif(not Path("/proc/net/route").exists(), reason="routes are read on Linux")
def test_the_loopback_of_this_machine() -> None:
    found = system.interface_to("127.0.0.1")
    assert found is not None
    assert found.name == "lo"
    assert found.mtu > 1000
    assert system.interface_to("nonsense") is None


@pytest.mark.parametrize(("more", "code"), [
    ({}, "ports-all"), ({"bound_to": "127.0.0.1"}, "ports-local"), ({"bound_to": "localhost"}, "ports-local"),
    ({"bound_to": "10.0.0.7"}, "ports-one"), ({"api_port": 2}, "ports-two"), ({"bound_to": "studio"}, "ports-one"),
])
def test_ports(tmp_path: Path, more: dict[str, object], code: str) -> None:
    assert looks.look_at_ports(about(tmp_path, **more)).code == code


def test_buffers_and_the_command_that_raises_them() -> None:
    assert buffers(32 << 20).outcome == "ok"
    small = buffers(212_992)
    assert (small.outcome, small.text) == (
        "warning", "The system gives a socket 208 KiB at most; fast, long paths want 32 MiB.")
    assert "sudo sysctl -w net.core.rmem_max=33554432 net.core.wmem_max=33554432" in small.fix


def test_a_start_is_quiet_where_buffers_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for largest, codes in ((1 << 20, ["buffers-small"]), (64 << 20, []), (None, [])):
        monkeypatch.setattr(system, "largest_buffer", lambda largest=largest: largest)
        assert [found.code for found in looks.at_start()] == codes


@pytest.mark.parametrize(("problem", "free", "code"), [
    (None, 10**12, "ok"), (None, None, "ok"), (None, 10**8, "low"), (None, 0, "full"), ("ENOSPC", 0, "full"),
    ("EACCES", 10**12, "denied"), ("EROFS", 10**12, "read-only"), ("ENOTDIR", None, "none"), ("EIO", 1, "failed"),
])
def test_the_receiving_folder(problem: str | None, free: int | None, code: str) -> None:
    found = own_folder(Landing(problem, free), "/srv/in")
    assert found.code == f"own-folder-{code}"
    assert "/srv/in" in found.text


def test_an_interface_whose_packets_are_small() -> None:
    assert interface(Interface("eth0", 1500), "studio").outcome == "ok"
    assert interface(Interface("tun0", 576), "studio").outcome == "warning"


def test_all_of_it(tmp_path: Path) -> None:
    found = [check.step for check in look_around(about(tmp_path, host="localhost", address="127.0.0.1"))]
    assert found[:3] == ["node", "ports", "firewall"]
    assert "ownFolder" in found
    assert [entry.name for entry in tmp_path.iterdir()] == []


@pytest.mark.parametrize("way", WAYS)
def test_how_datagrams_come_and_go(way: str) -> None:
    found = datagrams(PortFacts(way, 2, 4 << 20))
    assert (found.code, found.outcome) == (f"datagrams-{way}", "ok")
    assert "holds 4 MiB" in found.text


def test_no_datagrams_come_in() -> None:
    assert datagrams(None).code == "datagrams-off"
    found = datagrams(PortFacts("plain", 0, 0, "Address already in use"))
    assert "Address already in use" in found.text
    assert found.fix


def test_what_proved_nothing_is_told(tmp_path: Path) -> None:
    assert dropped(Dropped(moved=3)).code == "dropped-none"
    assert dropped(Dropped(forged=1)).text.startswith("One datagram proved nothing and was dropped.")
    assert dropped(Dropped(stray=7)).text.endswith("were dropped: 7. Nothing was forged or senseless.")
    many = dropped(Dropped(stray=20, short=4, forged=3, replayed=2, senseless=1, unsent=1))
    assert many.text.startswith("31 datagrams proved nothing and were dropped. Of no transfer")
    assert "forged: 3;" in many.text
    untold = [one.step for one in look_around(about(tmp_path))]
    assert "datagrams" in untold
    assert "dropped" not in untold
