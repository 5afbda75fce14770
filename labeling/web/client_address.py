"""Client address: who asks, by the network, as whoever stands in front of the service wrote it."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

_WITH_PORT = re.compile(r"\[(?P<bracketed>[^\]]*)\](?::\d*)?|(?P<plain>[0-9.]+):\d*")
_IPV6_SUBSCRIBER_BITS = 64  # one line gets as many addresses as that leaves, so they count as one


def client_address(request: HttpRequest) -> str | None:
    """Where the request came from; None where nobody says so in a way that can be read.

    Behind a proxy of ours it is what that proxy saw: the last entry of its list.
    """
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")) if settings.TRUSTED_PROXY else ""
    last = forwarded.rpartition(",")[2].strip()
    return parse_address(last or str(request.META.get("REMOTE_ADDR", "")))


def parse_address(text: str) -> str | None:
    """An address without port, brackets and zone, an IPv6 one as its network; None for anything else.

    >>> parse_address(" 192.0.2.7:5678"), parse_address("[2001:db8:1:2::7]:443")
    ('192.0.2.7', '2001:db8:1:2::')
    >>> parse_address("::ffff:192.0.2.7"), parse_address("unknown"), parse_address("192.0.2.7.8:1")
    ('192.0.2.7', None, None)
    """
    text = text.strip().strip('"')
    if match := _WITH_PORT.fullmatch(text):
        text = match["bracketed"] or match["plain"] or ""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv4Address) or address.ipv4_mapped:
        return str(address if isinstance(address, IPv4Address) else address.ipv4_mapped)
    host_bits = 128 - _IPV6_SUBSCRIBER_BITS
    return str(IPv6Address(int(address) >> host_bits << host_bits))
