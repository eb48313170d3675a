"""A process that asks one question, to see how long its start and the first answer take together.

python -m tests.bench.first FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from storage.search import Query, Search
from tests.bench.stream import Stream

if __name__ == "__main__":
    search = Search(Path(sys.argv[1]), Stream([], 0))
    sys.exit(not search.find(Query.parse("graph nueral netwroks"), 5).hits)
