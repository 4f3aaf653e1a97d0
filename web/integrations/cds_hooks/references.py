"""References between FHIR resources, resolved within the bundles of a request.

The rules are those of FHIR R4 (https://hl7.org/fhir/R4/bundle.html#references): a reference is
compared with the `fullUrl` of each entry, a relative one after the service URL of the resource that
contains it. Nothing is fetched from the server of the health record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

HISTORY = "/_history/"
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# A RESTful URL: service URL, resource type and id.
_RESTFUL = re.compile(r"(?P<service>https?://.+/)[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """A resource with its URL, which is empty if the bundle does not state it."""

    resource: Json
    full_url: str = ""

    @property
    def name(self) -> str:
        """Type and id, as in a relative reference."""
        return f"{self.resource.get('resourceType')}/{self.resource.get('id')}"

    @property
    def service(self) -> str:
        """URL of the service that has the resource; empty if its URL is not RESTful."""
        match = _RESTFUL.fullmatch(self.full_url)
        return match["service"] if match else ""


def iter_entries(bundle: object) -> Iterator[BundleEntry]:
    """Yield the entries of a bundle; a single resource is yielded as an entry without a URL."""
    if not isinstance(bundle, dict):
        return
    if bundle.get("resourceType") != "Bundle":
        yield BundleEntry(bundle)
        return
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            url = entry.get("fullUrl")
            yield BundleEntry(resource, _without_version(url) if isinstance(url, str) else "")


def resolve_reference(
    reference: str, source: BundleEntry, entries: Iterable[BundleEntry]
) -> Json | None:
    """Return the resource that `source` refers to, or None if the entries do not contain it.

    Accepts fragments (#id), absolute URLs, URNs and relative references. If the service of `source`
    is unknown, a relative reference is resolved by type and id, unless two services have one.
    """
    if reference.startswith("#"):
        return _find_contained(source.resource, reference[1:])
    target, _, version = reference.partition(HISTORY)
    candidates = [entry for entry in entries if _has_version(entry.resource, version)]
    if _ABSOLUTE.match(target):
        found = [entry for entry in candidates if entry.full_url == target]
    else:
        found = [entry for entry in candidates if entry.name == target]
        if source.service:
            found = [entry for entry in found if entry.service in ("", source.service)]
            found.sort(key=lambda entry: not entry.service)
        elif len({entry.service for entry in found if entry.service}) > 1:
            found = []
    return found[0].resource if found else None


def _without_version(url: str) -> str:
    return url.partition(HISTORY)[0]


def _find_contained(resource: Json, id_: str) -> Json | None:
    contained = resource.get("contained")
    for each in contained if isinstance(contained, list) else ():
        if isinstance(each, dict) and each.get("id") == id_:
            return each
    return None


def _has_version(resource: Json, version: str) -> bool:
    """Return whether a resource has a version, or does not state its version."""
    meta = resource.get("meta")
    stated = meta.get("versionId") if isinstance(meta, dict) else None
    return not version or stated in (None, version)
