"""What an article of an export adds to the same article here: nothing that is here is ever lost.

Versions are compared by content, in their order. Those that are here already are left; from the
first that is not, the versions of the export are added behind those that are here. So an export is
found as a whole, in its order, once it has been imported, and importing it again adds nothing. What
is found changes only where nothing was done here in the meantime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from kb.corrections import FACTS
from kb.portable import Corrected, EditorTag, Portable, State, Version
from kb.record import Status

OWN_VERSIONS = "has versions of its own here; which one is found stays as it is"
SAME_TEXT = "reads the same here already; versions of the export that led there were not added"


@dataclass(frozen=True, slots=True)
class Merge:
    """What to write: versions, numbered on from those here; a state, or None; tags, corrections.

    `notes` say what was left as it is, and why.
    """

    added: tuple[Version, ...]
    state: State | None
    editor_tags: tuple[EditorTag, ...]
    corrections: tuple[Corrected, ...]
    notes: tuple[str, ...]
    renamed: Mapping[str, str]  # ids of passages there, and what they are here

    @property
    def changes(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.added or self.state or self.editor_tags or self.corrections)


@dataclass(frozen=True, slots=True)
class _Alignment:
    """Which versions are the same: numbers there to here, and how many here are not there."""

    numbers: dict[int, int]
    passages: dict[str, str]  # ids there to ids here, where they differ
    own: int
    more: tuple[Version, ...]  # of the export, from the first that is not here


def merged(here: Portable, there: Portable, fresh: Mapping[str, str]) -> Merge:
    """Return what `there` adds to `here`; `fresh` are new ids for passages whose ids are taken."""
    found = _aligned(here, there)
    ids = {**fresh, **found.passages}
    notes: list[str] = []
    more = found.more
    if more and there.newest.content == here.newest.content:
        notes.append(SAME_TEXT)
        more = ()
    numbers = dict(found.numbers)
    added = []
    for number, version in enumerate(more, start=len(here.versions) + 1):
        numbers[version.number] = number
        added.append(renamed(replace(version, number=number), ids))
    apart = bool(found.own or more != found.more)
    state = _state(here, there, numbers, notes, apart=apart)
    if added and state is None:
        notes.append(_as_draft(here, added))
    tags = _editor_tags(here, there, ids, notes)
    corrections = _corrections(here, there, notes, apart=apart)
    return Merge(tuple(added), state, tags, corrections, tuple(notes), ids)


def renamed(version: Version, ids: Mapping[str, str]) -> Version:
    """Return a version whose passages have other ids."""
    return replace(
        version,
        passages=tuple(
            replace(passage, id=ids.get(passage.id, passage.id)) for passage in version.passages
        ),
    )


def what_happened(before: State, after: State) -> str:
    """Return what the change feed says of a state that became another, "" for nothing."""
    rest = replace(
        after,
        updated_at=before.updated_at,
        confirmed_on=before.confirmed_on,
        confirmed_due=before.confirmed_due,
    )
    if rest != before:
        return after.status.value
    return "reviewed" if after.confirmed_on != before.confirmed_on else ""


def _aligned(here: Portable, there: Portable) -> _Alignment:
    contents = [version.content for version in here.versions]
    numbers: dict[int, int] = {}
    ids: dict[str, str] = {}
    place = 0
    for at, version in enumerate(there.versions):
        content = version.content
        match = next((i for i in range(place, len(contents)) if contents[i] == content), None)
        if match is None:
            return _Alignment(numbers, ids, len(contents) - len(numbers), there.versions[at:])
        numbers[version.number] = match + 1
        place = match + 1
        for one, other in zip(version.passages, here.versions[match].passages, strict=True):
            if one.id != other.id:
                ids.setdefault(one.id, other.id)
    return _Alignment(numbers, ids, len(contents) - len(numbers), ())


def _state(
    here: Portable,
    there: Portable,
    numbers: Mapping[int, int],
    notes: list[str],
    *,
    apart: bool,
) -> State | None:
    """Return the state of the export where it is later and nothing here speaks against it.

    `apart` says that the versions here have gone another way, or further.
    """
    published = there.state.published_version
    wanted = replace(there.state, published_version=published and numbers.get(published))
    wanted = _with_later_confirmation(wanted, here.state)
    otherwise_same = _with_later_confirmation(here.state, wanted)
    if replace(wanted, updated_at=here.state.updated_at) == otherwise_same:
        if wanted.updated_at > here.state.updated_at and not apart:
            return wanted
        return otherwise_same if otherwise_same != here.state else None
    if apart:
        notes.append(OWN_VERSIONS)
    elif here.state.status is Status.RETIRED and wanted.status is not Status.RETIRED:
        notes.append(f"was retired here and stays so; `kb publish {here.id}` brings it back")
    elif wanted.updated_at <= here.state.updated_at:
        notes.append(f"was changed here later; it stays {here.state.status}")
    elif wanted.status is Status.DRAFT and here.state.status is not Status.DRAFT:
        notes.append(f"is {here.state.status} here and stays so")
    else:
        return wanted
    return None


def _with_later_confirmation(state: State, other: State) -> State:
    """Return a state with what was said last of its being right still."""
    if other.confirmed_on is None or (state.confirmed_on or date.min) >= other.confirmed_on:
        return state
    return replace(state, confirmed_on=other.confirmed_on, confirmed_due=other.confirmed_due)


def _as_draft(here: Portable, added: list[Version]) -> str:
    numbers = f"version {added[0].number}"
    if len(added) > 1:
        numbers = f"versions {added[0].number} to {added[-1].number}"
    found = here.state.published_version
    stays = f"version {found} is still the one that is found" if found else "nothing is found of it"
    return f"has {numbers} from the export, as a draft; {stays}"


def _editor_tags(
    here: Portable, there: Portable, ids: Mapping[str, str], notes: list[str]
) -> tuple[EditorTag, ...]:
    """Return what editors said there and not here, or said there later."""
    said = {(tag.passage_id, tag.tag): tag for tag in here.editor_tags}
    wanted: dict[tuple[str, str], EditorTag] = {}
    for tag in there.editor_tags:
        one = replace(tag, passage_id=ids.get(tag.passage_id, tag.passage_id))
        before = said.get((one.passage_id, one.tag))
        if before is None or (before.at < one.at and before != one):
            wanted[one.passage_id, one.tag] = one
        elif before.present != one.present:
            verb = "set" if before.present else "taken off"
            notes.append(f"keeps what was said here later: {one.tag} {verb} at {one.passage_id}")
    return tuple(wanted.values())


def _corrections(
    here: Portable, there: Portable, notes: list[str], *, apart: bool
) -> tuple[Corrected, ...]:
    """Return what was corrected there and not here, unless the texts have gone apart."""
    newest = {one.what: one.at for one in here.corrections if one.what in FACTS}
    wanted = tuple(
        one
        for one in there.corrections
        if one not in here.corrections and newest.get(one.what, one.at) <= one.at
    )
    if wanted and apart:
        notes.append(f"does not take over {len(wanted)} corrections, which are of another text")
        return ()
    return wanted
