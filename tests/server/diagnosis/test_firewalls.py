"""What firewall programs print, and what it means for a port."""

import json

import pytest

from jetstream_server.diagnosis.firewalls import TOOLS, Verdict, firewalld, iptables, nft, ufw
from jetstream_server.diagnosis.looks import firewall
from jetstream_server.diagnosis.system import Rules

UFW = """Status: active

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW       Anywhere
8880:8890/tcp              ALLOW       192.168.0.0/16
9000/udp                   ALLOW       Anywhere
9001                       DENY        Anywhere
"""

FIREWALLD = """public (active)
  target: default
  interfaces: eth0
  services: ssh dhcpv6-client
  ports: 8886/tcp 9000-9010/tcp 7000/udp
  protocols:
"""

IPTABLES = """-P INPUT DROP
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,8880:8890 -j ACCEPT
-A INPUT -p udp -m udp --dport 9000 -j ACCEPT
"""


OPEN = {True: Verdict.OPEN, False: Verdict.CLOSED}


@pytest.mark.parametrize(("port", "through"), [(22, True), (8886, True), (8891, False), (9000, False), (9001, False)])
def test_ufw(port: int, through: bool) -> None:
    assert ufw(UFW, port) is OPEN[through]


@pytest.mark.parametrize(("port", "through"), [(8886, True), (9005, True), (9011, False), (7000, False)])
def test_firewalld(port: int, through: bool) -> None:
    assert firewalld(FIREWALLD, port) is OPEN[through]
    assert firewalld(FIREWALLD.replace("default", "ACCEPT"), port) is Verdict.OPEN


@pytest.mark.parametrize(("port", "through"), [(22, True), (80, True), (8886, True), (8891, False), (9000, False)])
def test_iptables(port: int, through: bool) -> None:
    assert iptables(IPTABLES, port) is OPEN[through]
    rejecting = IPTABLES.replace("-P INPUT DROP", "-P INPUT ACCEPT") + "-A INPUT -j REJECT --reject-with icmp-port\n"
    assert iptables(rejecting, port) is OPEN[through]


@pytest.mark.parametrize("text", ["", "Status: inactive\n"])
def test_programs_that_are_not_at_work(text: str) -> None:
    assert ufw(text, 1) is firewalld(text, 1) is iptables("-P INPUT ACCEPT\n", 1) is nft(text, 1) is Verdict.IDLE


def ruleset(*rules: object, policy: str = "drop", hook: str | None = "input") -> str:
    chain = {"family": "inet", "table": "filter", "name": "input", "policy": policy}
    if hook is not None:
        chain |= {"hook": hook, "type": "filter", "prio": 0}
    made = [{"rule": {"family": "inet", "table": "filter", "chain": "input", "expr": rule}} for rule in rules]
    return json.dumps({"nftables": [{"metainfo": {}}, {"chain": chain}, *made]})


def dport(right: object, protocol: str = "tcp") -> object:
    return {"match": {"op": "==", "left": {"payload": {"protocol": protocol, "field": "dport"}}, "right": right}}


@pytest.mark.parametrize(("right", "through"), [
    (8886, True), (22, False), ({"set": [22, 8886]}, True), ({"range": [8000, 9000]}, True),
    ({"set": [{"range": [1, 2]}, {"range": [8886, 8886]}]}, True), ({"set": [1]}, False),
])
def test_nft(right: object, through: bool) -> None:
    assert nft(ruleset([dport(right), {"accept": None}]), 8886) is OPEN[through]
    assert nft(ruleset([dport(right), {"accept": None}], [{"counter": {}}, {"reject": {}}], policy="accept"),
               8886) is OPEN[through]


def test_nft_that_keeps_nobody_out() -> None:
    assert nft(ruleset([dport(8886), {"accept": None}], policy="accept"), 8886) is Verdict.IDLE
    assert nft(ruleset(hook=None), 8886) is Verdict.IDLE
    assert nft(ruleset([dport(8886, "udp"), {"accept": None}]), 8886) is Verdict.CLOSED


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"nftables": [1, {"chain": 2}, {"rule": []}]}'])
def test_nft_of_another_form(text: str) -> None:
    assert nft(text, 8886) is Verdict.IDLE


@pytest.mark.parametrize("step", [{"xt": None}, {"jump": {"target": "more"}}, {"vmap": {}},
                                  {"match": {"right": "@ports"}}])
def test_rules_that_say_more_than_we_understand(step: object) -> None:
    assert nft(ruleset([step, {"accept": None}]), 8886) is Verdict.UNCLEAR
    assert iptables("-P INPUT DROP\n-A INPUT -j ufw-before-input\n", 8886) is Verdict.UNCLEAR
    assert firewalld(FIREWALLD + '  rich rules:\n\trule family="ipv4" accept\n', 1) is Verdict.UNCLEAR
    tools = {tool.name: tool for tool in TOOLS}
    unclear = firewall([Rules(tools["nftables"], ruleset([step]))], 8886)
    assert (unclear.code, unclear.outcome) == ("firewall-unclear", "unknown")
    open_below = [Rules(tools["nftables"], ruleset([step])), Rules(tools["iptables"], IPTABLES)]
    assert firewall(open_below, 8886).code == "firewall-open", "iptables says what stands behind nftables"


def test_what_it_means() -> None:
    tools = {tool.name: tool for tool in TOOLS}
    assert firewall([], 8886).code == "firewall-none"
    closed = firewall([Rules(tools["ufw"], UFW)], 9999)
    assert (closed.code, closed.fix) == ("firewall-closed", "sudo ufw allow 9999")
    opened = [Rules(tools["ufw"], UFW), Rules(tools["nftables"], ruleset())]
    assert firewall(opened, 8886).text == "ufw lets port 8886 through.", "what it steers is not asked again"
    hidden = firewall([Rules(tools["ufw"], None), Rules(tools["iptables"], "-P INPUT ACCEPT")], 8886)
    assert (hidden.code, hidden.outcome) == ("firewall-hidden", "unknown")
    assert "sudo ufw status" in hidden.fix
    assert firewall([Rules(tools["firewalld"], "")], 8886).code == "firewall-none"
