"""Reading our pages as a browser does: elements by what they are, and forms with what they would send."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urlencode

_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_HIDDEN_TOKEN = {"csrfmiddlewaretoken"}


class Element:
    """One element of a page."""

    def __init__(self, tag: str, attributes: Mapping[str, str], parent: "Element | None" = None) -> None:
        self.tag = tag
        self.attributes = dict(attributes)
        self.parent = parent
        self.children: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, otherwise: str = "") -> str:
        return self.attributes.get(name, otherwise)

    def walk(self) -> Iterator["Element"]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    def all(self, tag: str = "", **attributes: Any) -> list["Element"]:
        """Elements below this one. `class_` is one of an element's classes; True asks for any value."""
        return [element for element in self.walk() if element._is(tag, attributes)]

    def one(self, tag: str = "", **attributes: Any) -> "Element":
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} times {tag} {attributes}"
        return found[0]

    @property
    def text(self) -> str:
        """What it says, in one line."""
        return re.sub(r" ([.,;:])", r"\1", " ".join("".join(self._texts()).split()))

    @property
    def html(self) -> str:
        """Itself as HTML, without what differs from one answer to the next: CSRF tokens and form keys."""
        attributes = dict(self.attributes)
        if attributes.get("name") in {"csrfmiddlewaretoken", "form_key"}:
            attributes["value"] = "…"
        start = "".join(f' {name}="{value}"' for name, value in attributes.items())
        inner = "".join(child if isinstance(child, str) else child.html for child in self.children)
        return re.sub(r"\s+", " ", f"<{self.tag}{start}>{inner}</{self.tag}>")

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in {"script", "style"}:
                yield " "
                yield from child._texts()
                yield " "

    def _is(self, tag: str, attributes: Mapping[str, Any]) -> bool:
        if tag and self.tag != tag:
            return False
        for name, wanted in attributes.items():
            if name == "class_":
                if wanted not in self.get("class").split():
                    return False
                continue
            held = self.attributes.get(name.replace("_", "-"))
            if held is None if wanted is True else held != wanted:
                return False
        return True


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(element)
        if tag not in _VOID:
            self.here = element

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        while self.here.tag != tag:  # html that leaves out an end
            assert self.here.parent is not None, f"</{tag}> ends nothing"
            self.here = self.here.parent
        self.here = self.here.parent or self.root

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


class Page(Element):
    """An answer, read."""

    def __init__(self, answer: Any) -> None:
        super().__init__("", {})
        reader = _Reader()
        self.source = answer if isinstance(answer, str) else answer.content.decode()
        reader.feed(self.source)
        self.children = reader.root.children

    @classmethod
    def of(cls, client: Any, url: str, **options: Any) -> Self:
        """Get a page that works."""
        answer = client.get(url, **options)
        assert answer.status_code == 200, f"{url}: {answer.status_code}"
        return cls(answer)

    @classmethod
    def part(cls, client: Any, url: str, region: str) -> Self:
        """Get what htmx gets for one region."""
        return cls.of(client, url, headers={"HX-Request": "true", "HX-Target": region})

    @property
    def title(self) -> str:
        return self.one("title").text

    @property
    def rows(self) -> list[str]:
        """What the list's rows lead to, in order."""
        return [link["href"] for link in self.all("a", data_row_link=True)]

    def link(self, text: str) -> str:
        """Where the one link with this text leads."""
        targets = {link["href"] for link in self.all("a") if link.text == text}
        assert len(targets) == 1, f"{text} leads to {targets}"
        return targets.pop()

    def has_link(self, text: str) -> bool:
        return any(link.text == text for link in self.all("a"))

    def form(self, *, action: str | None = None, id: str | None = None) -> dict[str, list[str]]:
        """What a form would send as it stands, hidden tokens aside."""
        main = self.one("main")
        forms = [
            form
            for form in main.all("form")
            if (action is None or form.get("action") == action) and (id is None or form.get("id") == id)
        ]
        if action is None and id is None:
            forms = [form for form in forms if form.get("class") == "form"]
        assert len(forms) == 1, f"{len(forms)} forms"
        return self._sent_by(forms[0])

    def _sent_by(self, form: Element) -> dict[str, list[str]]:
        own = [control for control in form.walk() if not control.get("form")]
        others = [control for control in self.walk() if form.get("id") and control.get("form") == form["id"]]
        sent: dict[str, list[str]] = {}
        for control in [*own, *others]:
            name = control.get("name")
            if not name or name in _HIDDEN_TOKEN or "disabled" in control.attributes:
                continue
            for value in _values(control):
                sent.setdefault(name, []).append(value)
        return sent


def _values(control: Element) -> list[str]:
    match control.tag:
        case "input" if control.get("type") in {"checkbox", "radio"}:
            return [control.get("value", "on")] if "checked" in control.attributes else []
        case "input":
            return [control.get("value")]
        case "textarea":
            return ["".join(child for child in control.children if isinstance(child, str))]
        case "select":
            options = control.all("option")
            chosen = [option for option in options if "selected" in option.attributes] or options[:1]
            return [option.get("value") for option in chosen]
    return []


def url_of(path: str, **params: Any) -> str:
    return f"{path}?{urlencode(params, doseq=True)}" if params else path


def assert_is_region(client: Any, url: str, region: str) -> None:
    """What htmx is given for a part of the page is that part, as the whole page has it."""
    whole = Page.of(client, url)
    part = Page.part(client, url, region)
    [element] = [child for child in part.children if isinstance(child, Element)]
    assert element.get("id") == region
    assert element.html == whole.one(id=region).html
    restored = Page.of(
        client,
        url,
        headers={"HX-Request": "true", "HX-Target": region, "HX-History-Restore-Request": "true"},
    )
    assert restored.all("html"), "what htmx brings back from its history is the whole page"
