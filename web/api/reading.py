"""A JSON Schema in the words of a page: which values there are, and within which bounds."""

from __future__ import annotations

from typing import Any

Pieces = list[tuple[str, str]]  # (words, or the name of a shape to lead to)

TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
}
GROUPS = {"anyOf": ("", " or ", ""), "prefixItems": ("[", ", ", "]")}
HOLDERS = {"items": "list of ", "additionalProperties": "object of "}
FORMATS = {"date": "day", "date-time": "time", "uri-reference": "address"}


def type_words(schema: dict[str, Any]) -> Pieces:
    """Say which values `schema` allows; what is a shape of its own is only named."""
    if "$ref" in schema:
        return [("", schema["$ref"].rpartition("/")[2])]
    for key, (before, between, after) in GROUPS.items():
        if key in schema:
            parts = [type_words(one) for one in schema[key]]
            return [(before, ""), *_joined(parts, between), (after, "")]
    for key, before in HOLDERS.items():
        if key in schema:
            return [(before, ""), *type_words(schema[key])]
    if "enum" in schema:
        named = ["null" if value is None else str(value) for value in schema["enum"]]
        return [(", ".join(named), "")]
    return [(FORMATS.get(schema.get("format", ""), TYPES[schema["type"]]), "")]


def bounds(schema: dict[str, Any]) -> str:
    """Say the bounds and the default of a parameter, after its type."""
    said = []
    if "minimum" in schema:
        said.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    if "maxLength" in schema:
        said.append(f"at most {schema['maxLength']:,} characters")
    if "maxItems" in schema:
        said.append(f"at most {schema['maxItems']} times")
    if schema.get("default", "") != "":
        said.append(f"{schema['default']} if not given")
    return "".join(f"; {words}" for words in said)


def _joined(parts: list[Pieces], between: str) -> Pieces:
    found = parts[0]
    for part in parts[1:]:
        found = [*found, (between, ""), *part]
    return found
