"""Reading the forms of the browsable API as a browser does."""

from __future__ import annotations

from html.parser import HTMLParser


def untouched(response):
    """Return the fields of a page's form as a browser sends them when nobody touches them."""
    reader = _Fields()
    reader.feed(response.content.decode())
    return reader.found


class _Fields(HTMLParser):
    """The first form with files, which is the one that DRF makes of a serializer."""

    def __init__(self):
        super().__init__()
        self.found = {}
        self.is_within = False
        self.name = ""
        self.is_text = False

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "form":
            self.is_within = said.get("enctype") == "multipart/form-data" and not self.found
        elif self.is_within:
            self._field(tag, said)

    def _field(self, tag, said):
        name = said.get("name", "csrfmiddlewaretoken")
        is_unchecked = said.get("type") == "checkbox" and "checked" not in said
        if tag in {"textarea", "select"}:
            self.name, self.is_text = name, tag == "textarea"
            self.found[name] = ""
        elif tag == "option" and "selected" in said:
            self.found[self.name] = said["value"]
        elif tag == "input" and name != "csrfmiddlewaretoken" and not is_unchecked:
            self.found[name] = said.get("value", "")

    def handle_data(self, data):
        if self.is_text:
            self.found[self.name] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.is_within = False
        elif tag == "textarea":
            self.is_text = False
