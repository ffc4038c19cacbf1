"""Addresses that staff type and Twilio will call. We never fetch them; we refuse what cannot be meant."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from django import forms

_LOCAL = {"localhost", "local", "internal", "lan"}


def fault_of_url(url: str) -> str | None:
    """What is wrong with a webhook address, in words; None when it may be used."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "Enter a web address such as https://example.com/calls"
    if any(character.isspace() for character in url) or not host:
        return "Enter a web address such as https://example.com/calls"
    if parts.scheme == "http":
        return "Use https:// so that calls and messages are not sent in clear"
    if parts.scheme != "https":
        return "Begin the address with https://"
    if not _is_public(host.removesuffix(".")):
        return "Use a host that Twilio can reach from the internet"
    return None


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        *names, last = host.split(".")
        # A name that ends in a number is an address in another spelling: 127.1, 0x7f.0.0.1
        is_spelled_out = re.fullmatch(r"\d+|0x[0-9a-f]*", last)
        return bool(names) and not is_spelled_out and last not in _LOCAL


class UrlField(forms.CharField):
    """A web address, kept exactly as typed. Whether it may be used is `fault_of_url`'s to say."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 2000)
        kwargs["widget"] = forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        super().__init__(**kwargs)
