"""Metadata of a drug label, and the names of its sections from their codes."""

from __future__ import annotations

from ingest.metadata import parse_date
from ingest.readers.spl.inline import line_text
from ingest.readers.xml.node import XmlNode
from kb.model.article import Metadata
from kb.model.medical_codes import NDC, get_system, parse_prefixed_code

LOINC_OID = "2.16.840.1.113883.6.1"  # OID of the LOINC code system
NDC_OID = get_system(NDC).oid
UNCLASSIFIED = "42229-5"  # LOINC code of an unclassified section
PRODUCT_DATA = "48780-1"
BOXED_WARNING = "34066-1"
# Patient sections, in which a bold question is a heading.
PATIENT_SECTIONS = frozenset(["42230-3", "42231-1", "59845-8", "68498-5", "34076-0"])

# Words of a title that is a name; the regulator's opening sentence has at least 27.
MAX_TITLE_WORDS = 16
GENERIC_TITLES = frozenset(
    [
        "drug facts",
        "drug label",
        "full prescribing information",
        "label",
        "package insert",
        "package label",
        "prescribing information",
        "principal display panel",
    ]
)
# Section names that differ from the LOINC display name.
SECTION_NAMES = {
    "42230-3": "Patient information",
    "42231-1": "Medication guide",
    "43683-2": "Recent major changes",
    "51945-4": "Package label",
    "60561-8": "Other safety information",
}
NAME_SUFFIXES = (" section", " subsection")
NAME_PREFIXES = ("spl ", "otc - ")
DEFAULT_SECTION_NAME = "Other information"


def section_code(section: XmlNode) -> str:
    """Return the LOINC code of a section, or an empty string if it is missing or unclassified."""
    code = section.find("code")
    if code is None or code.attributes.get("codeSystem", LOINC_OID) != LOINC_OID:
        return ""
    value = code.attributes.get("code", "")
    return "" if value == UNCLASSIFIED else value


def section_name(section: XmlNode) -> str:
    """Return the heading for a section from its code."""
    code = section_code(section)
    if not code:
        return DEFAULT_SECTION_NAME
    element = section.find("code") or section
    name = element.attributes.get("displayName", "").lower().replace("&", "and")
    for suffix in NAME_SUFFIXES:
        name = name.removesuffix(suffix)
    for prefix in NAME_PREFIXES:
        name = name.removeprefix(prefix)
    return SECTION_NAMES.get(code) or name.strip().capitalize() or DEFAULT_SECTION_NAME


def read_title(label: XmlNode) -> str:
    """Return the title of a label, or the name of the drug if the title is a sentence."""
    title = line_text(label.find("title"))
    is_name = title and title.casefold().strip(" .:*") not in GENERIC_TITLES
    if is_name and len(title.split()) <= MAX_TITLE_WORDS:
        return _strip_trademarks(title)
    names = drug_names(label)
    if not names:
        return _strip_trademarks(title)
    name, *others = names
    generics = {generic.casefold() for generic in _generic_names(label)}
    generic = next((other for other in others if other.casefold() in generics), "")
    return _strip_trademarks(f"{name} ({generic.lower()})" if generic else name)


def drug_names(label: XmlNode) -> list[str]:
    """Return the distinct product names, followed by the generic names."""
    names: dict[str, str] = {}
    for name in [*_names_within(label, "manufacturedProduct"), *_generic_names(label)]:
        known = names.setdefault(name.casefold(), name)
        if known.isupper() and not name.isupper():
            names[name.casefold()] = name
    return list(names.values())


def _generic_names(label: XmlNode) -> list[str]:
    return _names_within(label, "genericMedicine")


def _names_within(label: XmlNode, element_name: str) -> list[str]:
    """Return the names directly inside the elements called `element_name`, without duplicates.

    Names of the parts of a kit, such as an alcohol swab, do not count.
    """
    names: dict[str, None] = {}
    stack = [label]
    while stack:
        node = stack.pop()
        if node.name == element_name:
            names.update(
                (name, None) for each in node.children("name") if (name := line_text(each))
            )
        stack.extend(child for child in reversed(node.elements) if child.name != "part")
    return list(names)


def read_metadata(label: XmlNode, title: str) -> Metadata:
    """Return the metadata of a label."""
    set_id = label.find("setId")
    effective_time = label.find("effectiveTime")
    timestamp = effective_time.attributes.get("value", "")[:8] if effective_time else ""
    language = label.find("languageCode")
    manufacturer = label.find("author", "assignedEntity", "representedOrganization", "name")
    root = set_id.attributes.get("root", "") if set_id else ""
    other_names = [name for name in drug_names(label) if name.casefold() not in title.casefold()]
    return Metadata(
        id=f"spl:{root.lower()}" if root else "",
        source=line_text(manufacturer),
        language=language.attributes.get("code", "") if language else "",
        published=parse_date(f"{timestamp[:4]}-{timestamp[4:6] or '01'}-{timestamp[6:] or '01'}"),
        also_called=tuple(other_names),
        codes=tuple(_product_codes(label)),
    )


def _product_codes(label: XmlNode) -> list[str]:
    """Return the NDC codes of the products, which dispensing records refer to."""
    codes = (
        parse_prefixed_code(f"{NDC}:{code.attributes.get('code', '')}")
        for product in label.descendants("manufacturedProduct")
        for code in product.children("code")
        if code.attributes.get("codeSystem") == NDC_OID
    )
    return [str(code) for code in dict.fromkeys(filter(None, codes))]


def _strip_trademarks(title: str) -> str:
    return " ".join(title.translate({ord(mark): " " for mark in "®™℠"}).split())
