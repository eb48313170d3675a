"""Reads, and at times follows, an index that another process writes: run by ``test_processes``.

``python -m tests.storage.search.reading FOLDER URL``: asks until its standard input ends,
then prints how many papers it saw over time as JSON.
"""

from __future__ import annotations

import json
import select
import sys
from pathlib import Path

from storage.database import Database
from storage.papers import Papers
from storage.search import Query, Search


def main() -> None:
    database = Database(sys.argv[2])
    search = Search(Path(sys.argv[1]), Papers(database))
    query = Query.parse("min:0")
    seen = [0]
    print("ready", flush=True)  # noqa: T201
    while not select.select([sys.stdin], [], [], 0)[0]:
        search.refresh()
        hits = search.find(query, 1_000).hits
        assert len({hit.id for hit in hits}) == len(hits)
        assert all(hit.title for hit in hits)
        if seen[-1] != len(hits):
            seen.append(len(hits))
    search.refresh()
    seen.append(len(search.find(query, 1_000).hits))
    print(json.dumps(seen))  # noqa: T201


if __name__ == "__main__":
    main()
