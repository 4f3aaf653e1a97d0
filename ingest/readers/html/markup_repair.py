"""Repair of markup before it is parsed, so that no text is read as a tag.

In "age <eighteen years>" or "x<y", a browser and the parser take a word for an element and drop it.
CDATA sections, which are text in XHTML, are dropped by an HTML parser.
"""

from __future__ import annotations

import re
from html import escape

from ingest.readers.common.html_names import find_closed_names, is_tag

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|textarea|title|xmp)\b[^>]*>.*?</(?P=raw)\s*>"
    r"|<!\[CDATA\[(?P<cdata>.*?)\]\]>"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][^\s/><]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)(?P<end>>?)",
    re.S | re.I,
)
_CDATA_START = re.compile(r"<!\[CDATA\[", re.I)


def repair_markup(text: str) -> str:
    """Return a page with CDATA sections and with "<" before words that are no tags escaped."""
    end = text.rfind("]]>") + 1
    text = text[:end] + _CDATA_START.sub("", text[end:])  # without an end, the text is markup
    closed = find_closed_names(text)

    def repair(match: re.Match[str]) -> str:
        if match["cdata"] is not None:
            return escape(match["cdata"], quote=False)
        name = match["name"]
        if name is None or match["close"]:
            return match[0]
        # Another "<" follows before the tag ends.
        is_broken = not match["end"] and text[match.end() : match.end() + 1] in ("<", "")
        if is_broken and name.lower() == "br":
            return "<br>" + match["rest"]
        if is_broken and not match["rest"].strip() and is_tag(name, "", closed):
            return f"<{name}>"
        if (is_broken and "=" not in match["rest"]) or not is_tag(name, match["rest"], closed):
            return "&lt;" + match[0][1:]
        return match[0]

    return _TOKEN.sub(repair, text)
