"""Names of elements, and the rule by which "<" before a word begins a tag.

In "age <eighteen years>" or "x <set by the doctor>", a parser takes a word for an element and drops
it. The rule is the same for pages and for HTML inside Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Container

_HTML = """
a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink
blockquote body br button canvas caption center cite code col colgroup command content data
datalist dd del details dfn dialog dir div dl dt element em embed fencedframe fieldset figcaption
figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img
input ins isindex kbd keygen label legend li link listing main map mark marquee math menu menuitem
meta meter multicol nav nextid nobr noembed noframes noscript object ol optgroup option output p
param picture plaintext portal pre progress q rb rbc rp rt rtc ruby s samp script search section
select shadow slot small source spacer span strike strong style sub summary sup svg table tbody td
template textarea tfoot th thead time title tr track tt u ul var video wbr xml xmp
"""
_SVG_AND_MATHML = """
g image animate animatemotion animatetransform circle clippath cursor defs desc discard ellipse
feblend fecolormatrix fecomponenttransfer fecomposite feconvolvematrix fediffuselighting
fedisplacementmap fedistantlight fedropshadow feflood fefunca fefuncb fefuncg fefuncr
fegaussianblur feimage femerge femergenode femorphology feoffset fepointlight fespecularlighting
fespotlight fetile feturbulence filter foreignobject hatch hatchpath line lineargradient marker
mask metadata mpath path pattern polygon polyline radialgradient rect set stop switch symbol text
textpath tspan use view annotation maction maligngroup malignmark menclose merror mfenced mfrac
mglyph mi mlabeledtr mlongdiv mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms
mscarries mscarry msgroup msline mspace msqrt msrow mstack mstyle msub msubsup msup mtable mtd
mtext mtr munder munderover none semantics
"""
_BOOLEAN_ATTRIBUTES = """
allowfullscreen amp async autofocus autoplay border checked clear compact controls declare default
defer disabled formnovalidate hidden inert ismap itemscope loop multiple muted nohref nomodule
noresize noshade novalidate nowrap open playsinline readonly required reversed selected
"""
HTML_ELEMENTS = frozenset(_HTML.split())
FOREIGN_ELEMENTS = frozenset(_SVG_AND_MATHML.split())
BOOLEAN_ATTRIBUTES = frozenset(_BOOLEAN_ATTRIBUTES.split())
# Elements that are also placeholders in a text, as in "Give at <time>"; as elements, they end.
_PLACEHOLDERS = frozenset({
    "address", "code", "command", "content", "data", "label", "map", "mark", "object", "output",
    "time",
})  # fmt: skip
_CLOSING = re.compile(r"</([A-Za-z][^\s/><]*)")
_VALUE = re.compile(r"(?:^|[\s\"'])[A-Za-z_:@#*(\[][^\s=<>]*\s*=")
_SIGNS = frozenset("-:_@#*.[(\"'")  # signs in the names of the attributes of frameworks


def find_closed_names(text: str) -> frozenset[str]:
    """Return the names with an end tag in a text, in lower case."""
    return frozenset(name.lower() for name in _CLOSING.findall(text))


def is_tag(name: str, attributes: str, closed: Container[str]) -> bool:
    """Return whether a name after "<" begins a tag; otherwise it is a word of the text.

    `attributes` is the text up to ">", and `closed` contains the names with end tags.

    Several words without a value are prose. Names of SVG and MathML, such as "set" and "line", and
    unknown names need a value, an end tag or a slash at the end.
    """
    name = name.lower()
    if _VALUE.search(attributes):
        return name in HTML_ELEMENTS or name in FOREIGN_ELEMENTS or _is_closed(name, "", closed)
    words = attributes.lower().replace("/", " ").split()
    prose = [word for word in words if word not in BOOLEAN_ATTRIBUTES and not _SIGNS & set(word)]
    if prose:
        return len(prose) == 1 and name in closed
    if name in HTML_ELEMENTS and name not in _PLACEHOLDERS:
        return True
    return (bool(words) and name in HTML_ELEMENTS) or _is_closed(name, attributes, closed)


def _is_closed(name: str, attributes: str, closed: Container[str]) -> bool:
    return name in closed or attributes.rstrip().endswith("/") or (":" in name and not attributes)
