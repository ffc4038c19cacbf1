"""Small parts of pages that are text alone."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from portal.templatetags.portal_ui import ago, distance


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=59, hours=23), "59 days ago"),
    ],
)
def test_what_is_not_long_ago_is_counted(age, words):
    assert distance(timezone.now() - age) == words


def test_what_is_long_ago_is_a_date():
    moment = timezone.now() - timedelta(days=60)
    assert distance(moment) == f"{moment:%-d %b %Y}"
    assert f'<time datetime="{moment.isoformat()}" title="{moment:%-d %b %Y, %H:%M} UTC">' in ago(moment)


def test_our_scripts_stay_small():
    scripts = [path.read_bytes() for path in (settings.BASE_DIR / "static" / "js").glob("*.js")]
    assert 0 < sum(map(len, scripts)) < 12_000
