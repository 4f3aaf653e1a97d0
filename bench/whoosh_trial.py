"""One distribution of Whoosh on trial, in a process of its own; started by `bench.which_whoosh`.

Runs under the interpreter that has the distribution and knows nothing but Whoosh and the standard
library. Takes one command a line on standard input and answers each with one line of JSON:
``facts``, ``index``, ``query NUMBER`` or ``refresh``. The corpus is a JSON file
``{passages: [text], queries: [text]}``. Times are of the processor: several trials run at once, and
what counts is the work that a distribution makes.
"""

import json
import sys
import time
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

from whoosh import fields, index, qparser

TOP = 10
REFRESHES = 40  # commits in the trial of `Searcher.refresh`
CHANGED = 5  # documents replaced in each of them; as many are deleted


class Trial:
    """An index of the corpus, and the answers to the commands."""

    def __init__(self, corpus: Path, folder: Path) -> None:
        content = json.loads(corpus.read_text("utf-8"))
        self._passages: list[str] = content["passages"]
        self._queries: list[str] = content["queries"]
        self._folder = folder

    def facts(self) -> dict[str, Any]:
        """Return what the distribution says of itself."""
        name = packages_distributions()["whoosh"][0]
        found = distribution(name)
        always = [r for r in found.requires or [] if "extra ==" not in r]
        typed = any(file.name == "py.typed" for file in found.files or [])
        return {"name": name, "version": found.version, "requires": always, "typed": typed}

    def index(self) -> dict[str, Any]:
        """Index all passages in one commit."""
        started = time.process_time()
        writer = self._created("main").writer(limitmb=256)
        for number, text in enumerate(self._passages):
            writer.add_document(id=str(number), revision="0", body=text)
        writer.commit()
        seconds = time.process_time() - started
        self._searcher = index.open_dir(str(self._folder / "main")).searcher()
        self._parser = qparser.QueryParser("body", self._searcher.schema)
        return {"seconds": seconds}

    def query(self, number: int) -> dict[str, Any]:
        """Parse and search one query; an exception is an answer, too."""
        started = time.process_time()
        try:
            query = self._parser.parse(self._queries[number])
            ids = [hit["id"] for hit in self._searcher.search(query, limit=TOP)]
        except Exception as error:  # noqa: BLE001  # whatever it raises is what the trial is after
            return {"error": f"{type(error).__name__}: {error}"}
        return {"seconds": time.process_time() - started, "ids": ids}

    def refresh(self) -> dict[str, Any]:
        """Replace and delete under one refreshed searcher; compare with one opened anew."""
        ix = self._created("refresh")
        texts = self._passages[: REFRESHES * CHANGED * 2]
        with ix.writer() as writer:
            for number, text in enumerate(texts):
                writer.add_document(id=str(number), revision="0", body="everywhere " + text)
        query = qparser.QueryParser("body", ix.schema).parse("everywhere")
        kept = ix.searcher()
        wrong = deleted = 0
        starts = range(0, len(texts) - CHANGED * 2 + 1, CHANGED * 2)
        for start in starts:
            writer = ix.writer()
            for number in range(start, start + CHANGED):
                text = "everywhere " + texts[number]
                writer.update_document(id=str(number), revision="1", body=text)
                writer.delete_by_term("id", str(number + CHANGED))
            writer.commit(merge=False)
            kept = kept.refresh()
            with ix.searcher() as fresh:
                truth = _found(fresh, query)
            answer = _found(kept, query)
            wrong += answer != truth
            deleted += bool(set(answer) - set(truth))
        return {"commits": len(starts), "wrong": wrong, "with_deleted": deleted}

    def _created(self, name: str) -> Any:
        folder = self._folder / name
        folder.mkdir()
        schema = fields.Schema(
            id=fields.ID(stored=True, unique=True),
            revision=fields.STORED(),
            body=fields.TEXT(phrase=True),
        )
        return index.create_in(str(folder), schema)


def _found(searcher: Any, query: Any) -> list[tuple[str, str]]:
    return sorted((hit["id"], hit["revision"]) for hit in searcher.search(query, limit=None))


def main() -> None:
    """Answer commands until standard input ends."""
    trial = Trial(Path(sys.argv[1]), Path(sys.argv[2]))
    for line in sys.stdin:
        command, *arguments = line.split()
        answer = getattr(trial, command)(*map(int, arguments))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
