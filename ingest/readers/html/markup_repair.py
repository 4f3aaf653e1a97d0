"""Repair of markup before it is parsed, so that no text is read as a tag.

In "age <eighteen years>" or "x<y", a browser and the parser take a word for an element and drop it.
CDATA sections, which are text in XHTML, are dropped by an HTML parser.
"""

from __future__ import annotations

import re
from html import escape

# Elements of HTML, SVG and MathML without a hyphen or prefix in their names.
_KNOWN_ELEMENTS = """
a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink
blockquote body br button canvas caption center cite code col colgroup command content data
datalist dd del details dfn dialog dir div dl dt element em embed fencedframe fieldset
figcaption figure font footer form frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup hr html
i iframe image img input ins isindex kbd keygen label legend li link listing main map mark
marquee math menu menuitem meta meter multicol nav nextid nobr noembed noframes noscript object
ol optgroup option output p param picture plaintext portal pre progress q rb rbc rp rt rtc ruby
s samp script search section select shadow slot small source spacer span strike strong style sub
summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var
video wbr xml xmp animate animatemotion animatetransform circle clippath cursor defs desc
discard ellipse feblend fecolormatrix fecomponenttransfer fecomposite feconvolvematrix
fediffuselighting fedisplacementmap fedistantlight fedropshadow feflood fefunca fefuncb fefuncg
fefuncr fegaussianblur feimage femerge femergenode femorphology feoffset fepointlight
fespecularlighting fespotlight fetile feturbulence filter foreignobject hatch hatchpath line
lineargradient marker mask metadata mpath path pattern polygon polyline radialgradient rect set
stop switch symbol text textpath tspan use view annotation maction maligngroup malignmark
menclose merror mfenced mfrac mglyph mi mlabeledtr mlongdiv mmultiscripts mn mo mover mpadded
mphantom mprescripts mroot mrow ms mscarries mscarry msgroup msline mspace msqrt msrow mstack
mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics
"""
KNOWN_ELEMENTS = frozenset(_KNOWN_ELEMENTS.split())
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|textarea|title|xmp)\b[^>]*>.*?</(?P=raw)\s*>"
    r"|<!\[CDATA\[(?P<cdata>.*?)\]\]>"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][^\s/><]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)(?P<end>>?)",
    re.S | re.I,
)
_CDATA_START = re.compile(r"<!\[CDATA\[", re.I)
_WORD = re.compile(r"[A-Za-z]+")


def repair_markup(text: str) -> str:
    """Return a page with CDATA sections and with "<" before words that are no tags escaped."""
    end = text.rfind("]]>") + 1
    text = text[:end] + _CDATA_START.sub("", text[end:])  # without an end, the text is markup
    closed = {name.lower() for name in re.findall(r"</([A-Za-z][^\s/><]*)", text)}

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
        if is_broken and name.lower() in KNOWN_ELEMENTS and not match["rest"].strip():
            return f"<{name}>"
        if _is_text(name.lower(), closed) or (is_broken and "=" not in match["rest"]):
            return "&lt;" + match[0][1:]
        return match[0]

    return _TOKEN.sub(repair, text)


def _is_text(name: str, closed: set[str]) -> bool:
    """Return whether a name after "<" is a word of the text rather than an element."""
    return (
        name not in KNOWN_ELEMENTS
        and name not in closed
        and bool(_WORD.match(name))
        and not any(sign in name for sign in "-:_")
    )
