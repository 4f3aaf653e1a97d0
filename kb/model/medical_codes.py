"""Codes: what records, registries and drug labels call a condition, a medicine or a test.

An editor gives codes to an article (``icd-10-cm:J45``); a record asks by a code and the OID of its
system. ICD-10-CM is shipped with its names (the tabular list of the CDC, public domain;
`bench.icd10cm` makes the file), so a code without an article is read as the one above it, and as
what it is called. ICD-9-CM writes what stands above a code in its first letters, NDC the product
in those of the package. The other systems are opaque here: equal or not.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

NAMES = Path(__file__).parents[1] / "data" / "icd10cm.tsv.gz"
ICD_10_CM = "icd-10-cm"
ICD_9_CM, NDC = "icd-9-cm", "ndc"
CATEGORY = 3  # characters of a code of ICD before its dot; one more where ICD-9-CM begins with E
NDC_PARTS = (5, 4, 2)  # digits of who makes it, the product, the package; 0 fills a shorter one
MAX_CODE_LENGTH = (
    6  # characters of a code that the shipped list has; a seventh says which encounter it was
)


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A system of codes: our key for it, its OID, how MedlinePlus Connect and people name it."""

    key: str
    oid: str
    term: str
    label: str
    names: tuple[str, ...] = ()  # other spellings, without marks
    uri: str = ""  # how FHIR names it


SYSTEMS = (
    CodeSystem(
        ICD_10_CM,
        "2.16.840.1.113883.6.90",
        "ICD10CM",
        "ICD-10-CM",
        ("icd10", "icd10cm"),
        "http://hl7.org/fhir/sid/icd-10-cm",
    ),
    CodeSystem(
        "icd-9-cm",
        "2.16.840.1.113883.6.103",
        "ICD9CM",
        "ICD-9-CM",
        ("icd9", "icd9cm"),
        "http://hl7.org/fhir/sid/icd-9-cm",
    ),
    CodeSystem(
        "snomed-ct",
        "2.16.840.1.113883.6.96",
        "SNOMEDCT",
        "SNOMED CT",
        ("snomed", "snomedct"),
        "http://snomed.info/sct",
    ),
    CodeSystem(
        "rxnorm",
        "2.16.840.1.113883.6.88",
        "RXNORM",
        "RXCUI",
        ("rxcui", "rxnorm"),
        "http://www.nlm.nih.gov/research/umls/rxnorm",
    ),
    CodeSystem(
        "ndc", "2.16.840.1.113883.6.69", "NDC", "NDC", ("ndc",), "http://hl7.org/fhir/sid/ndc"
    ),
    CodeSystem("loinc", "2.16.840.1.113883.6.1", "LOINC", "LOINC", ("loinc",), "http://loinc.org"),
    CodeSystem("mesh", "2.16.840.1.113883.6.177", "MESH", "MeSH", ("mesh",)),
    CodeSystem(
        "cpt", "2.16.840.1.113883.6.12", "CPT", "CPT", ("cpt",), "http://www.ama-assn.org/go/cpt"
    ),
)
_BY_KEY = {system.key: system for system in SYSTEMS}
_BY_NAME = {
    name: system
    for system in SYSTEMS
    for name in filter(None, (*system.names, system.oid, system.uri))
}


@dataclass(frozen=True, slots=True, order=True)
class MedicalCode:
    """A code of one system, written as that system does."""

    system: str
    value: str

    def __str__(self) -> str:
        return f"{self.system}:{self.value}"


def find_system(name: str) -> CodeSystem | None:
    """Return the system of an OID, with or without ``urn:oid:``, of a name or of FHIR's URI."""
    plain = name.strip().lower().removeprefix("urn:oid:")
    return _BY_NAME.get(plain) or _BY_NAME.get("".join(filter(str.isalnum, plain)))


def parse_code(system: CodeSystem, value: str) -> MedicalCode | None:
    """Return the code that `value` writes, None for an empty one."""
    plain = "".join(value.split()).upper()
    if system.key == ICD_10_CM and "." not in plain and len(plain) > CATEGORY:
        plain = f"{plain[:CATEGORY]}.{plain[CATEGORY:]}"
    if system.key == NDC:
        plain = _ndc(plain)
    plain = plain.rstrip("-.")  # "J45.-" is how tables of ICD write J45 and all below it
    return MedicalCode(system.key, plain) if plain else None


def _ndc(written: str) -> str:
    """Return a code of NDC in eleven digits, nine for a product; as it is, where it is none."""
    parts = written.split("-")
    if not 2 <= len(parts) <= len(NDC_PARTS) or not all(map(str.isdecimal, parts)):
        return written
    return "".join(part.zfill(digits) for part, digits in zip(parts, NDC_PARTS, strict=False))


def read_code(text: str) -> MedicalCode | None:
    """Return the code that an editor wrote as ``system:code``, None where it is none."""
    name, _, value = text.partition(":")
    system = find_system(name)
    return parse_code(system, value) if system else None


def find_system_by_name(key: str) -> CodeSystem:
    """Return the system of a `MedicalCode`."""
    return _BY_KEY[key]


def ancestors(code: MedicalCode) -> Iterator[MedicalCode]:
    """Yield the codes that hold this one, nearest first; none of systems that are opaque here."""
    value = code.value
    if code.system == NDC:
        product = sum(NDC_PARTS[:2])
        if len(value) == sum(NDC_PARTS) and value.isdecimal():
            yield MedicalCode(code.system, value[:product])
        return
    if code.system not in (ICD_10_CM, ICD_9_CM):
        return
    category = CATEGORY + (code.system == ICD_9_CM and value.startswith("E"))
    while len(value) > category:
        value = value[:-1].rstrip(".")
        if not value.endswith("X"):  # a placeholder fills a place, it names nothing
            yield MedicalCode(code.system, value)


def code_name(code: MedicalCode) -> str:
    """Return what a code is called, "" where the shipped list does not say."""
    return _names().get(code.value, "") if code.system == ICD_10_CM else ""


def codes_by_name() -> Iterator[MedicalCode]:
    """Yield all codes of the shipped list."""
    return (MedicalCode(ICD_10_CM, value) for value in _names())


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    lines = gzip.decompress(NAMES.read_bytes()).decode().splitlines()
    return dict(line.split("\t", 1) for line in lines)
