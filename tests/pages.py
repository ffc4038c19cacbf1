"""Reading our pages as a browser does: elements by CSS selector, and forms with what they would send."""

import re
from copy import deepcopy
from typing import Any, Self
from urllib.parse import urlencode

from lxml import html

# What differs from one answer to the next.
_ONE_TIME = re.compile(r'(name="(?:csrfmiddlewaretoken|form_key)" value=")[^"]*')
# "3 s ago" is another text a second later.
_AGE = re.compile(r"(<time[^>]*>)[^<]*")


class Element:
    """One element of a page."""

    def __init__(self, node: html.HtmlElement) -> None:
        self.node = node

    def __getitem__(self, attribute: str) -> str:
        return self.node.attrib[attribute]

    def get(self, attribute: str, otherwise: str = "") -> str:
        return self.node.get(attribute, otherwise)

    def all(self, selector: str) -> list["Element"]:
        return [Element(node) for node in self.node.cssselect(selector)]

    def one(self, selector: str) -> "Element":
        found = self.all(selector)
        assert len(found) == 1, f"{len(found)} times {selector}"
        return found[0]

    @property
    def text(self) -> str:
        """What it says, in one line."""
        words = " ".join(self.node.xpath(".//text()")).split()
        return re.sub(r" ([.,;:])", r"\1", " ".join(words))

    @property
    def html(self) -> str:
        """Itself as HTML, without what differs from one answer to the next."""
        source = html.tostring(self.node, encoding="unicode", with_tail=False)
        return " ".join(_AGE.sub(r"\1…", _ONE_TIME.sub(r"\1…", source)).split())


class Page(Element):
    """An answer, read. No end tag in it may be one too many, and no id may be there twice."""

    def __init__(self, answer: Any) -> None:
        self.source: str = answer.content.decode()
        parser = html.HTMLParser()
        super().__init__(html.document_fromstring(self.source, parser=parser))
        assert not parser.error_log, parser.error_log

    @classmethod
    def of(cls, client: Any, url: str, **options: Any) -> Self:
        """Get a page that works."""
        answer = client.get(url, **options)
        assert answer.status_code == 200, f"{url}: {answer.status_code}"
        return cls(answer)

    @classmethod
    def part(cls, client: Any, url: str, region: str) -> Self:
        """Get what htmx gets for one region."""
        return cls.of(client, url, headers=htmx(region))

    @property
    def title(self) -> str:
        return self.one("title").text

    @property
    def rows(self) -> list[str]:
        """What the list's rows lead to, in order."""
        return [link["href"] for link in self.all("a[data-row-link]")]

    @property
    def messages(self) -> list[str]:
        """What it says about what was just done."""
        return [message.text for message in self.all("#messages .notice")]

    def link(self, text: str) -> str:
        """Where the one link with this text leads."""
        targets = {link["href"] for link in self.all("a") if link.text == text}
        assert len(targets) == 1, f"{text} leads to {targets}"
        return targets.pop()

    def has_link(self, text: str) -> bool:
        return any(link.text == text for link in self.all("a"))

    def form(self, selector: str = "main form.form") -> dict[str, list[str]]:
        """What a form would send as it stands, hidden tokens and empty choices aside."""
        page = deepcopy(self.node)
        for choice in page.cssselect("input[type=radio][value='']"):
            choice.drop_tree()  # lxml takes its value for "on"
        for control in page.cssselect("[form]"):
            page.get_element_by_id(control.get("form")).append(control)
        [form] = page.cssselect(selector)
        sent: dict[str, list[str]] = {}
        for name, value in form.form_values():
            if name != "csrfmiddlewaretoken":
                sent.setdefault(name, []).append(value)
        return sent


def htmx(region: str) -> dict[str, str]:
    """The headers with which htmx asks for a region of the page."""
    return {"HX-Request": "true", "HX-Target": region}


def url_of(path: str, **params: Any) -> str:
    return f"{path}?{urlencode(params, doseq=True)}" if params else path


def assert_is_region(client: Any, url: str, region: str) -> None:
    """What htmx is given for a part of the page is that part, as the whole page has it."""
    whole = Page.of(client, url)
    part = Page.part(client, url, region)
    assert part.one("body > *").html == whole.one(f"#{region}").html
    restored = Page.of(client, url, headers={**htmx(region), "HX-History-Restore-Request": "true"})
    assert restored.all("main"), "what htmx brings back from its history is the whole page"
