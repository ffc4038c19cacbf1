"""Which addresses staff may give to Twilio to call."""

import pytest

from portal.urls_from_staff import fault_of_url

NO_ADDRESS, NOT_PUBLIC = "Enter a web address", "reach from the internet"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com/in", "Use https://"),
        ("HTTP://example.com/in", "Use https://"),
        ("ftp://example.com/", "Begin the address with https://"),
        ("javascript:alert(1)", NO_ADDRESS),
        ("example.com/in", NO_ADDRESS),
        ("https://", NO_ADDRESS),
        ("https://exam ple.com/", NO_ADDRESS),
        ("https://example.com/a b", NO_ADDRESS),
        ("https://example.com:port/", NO_ADDRESS),
        ("https://[::1/", NO_ADDRESS),
        ("https://localhost/in", NOT_PUBLIC),
        ("https://LOCALHOST/in", NOT_PUBLIC),
        ("https://intranet/in", NOT_PUBLIC),
        ("https://db.internal/in", NOT_PUBLIC),
        ("https://127.0.0.1/in", NOT_PUBLIC),
        ("https://10.1.2.3/in", NOT_PUBLIC),
        ("https://169.254.169.254/latest", NOT_PUBLIC),
        ("https://[::1]/in", NOT_PUBLIC),
        ("https://[fd00::1]/in", NOT_PUBLIC),
        ("https://localhost./in", NOT_PUBLIC),
        ("https://127.1/in", NOT_PUBLIC),
        ("https://2130706433/in", NOT_PUBLIC),
        ("https://0x7f.0.0.1/in", NOT_PUBLIC),
        ("https://[::ffff:10.0.0.1]/in", NOT_PUBLIC),
        ("https://010.0.0.1/in", NOT_PUBLIC),
    ],
)
def test_an_address_that_twilio_could_not_or_should_not_call_is_refused(url, words):
    assert words in (fault_of_url(url) or "")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com./in",
        "HTTPS://EXAMPLE.COM/In",
        "https://user:secret@calls.example.com:8443/in?a=b&c=%20#top",
        "https://8.8.8.8/in",
        "https://[2606:4700::1111]/in",
        "https://xn--bcher-kva.example/in",
        "https://bücher.example/in",
        "https://3com.com/in",
    ],
)
def test_an_address_on_the_internet_may_be_used(url):
    assert fault_of_url(url) is None
