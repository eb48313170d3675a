"""Fuzzy search over the catalogue; see ``Search``."""

from storage.search.answers import Hit, Results
from storage.search.query import Query
from storage.search.search import Search

__all__ = ["Hit", "Query", "Results", "Search"]
