"""Fuzzy search over the catalogue; see ``Search``."""

from storage.search.answers import Hit, Results
from storage.search.meaning import Meaning, MeaningError
from storage.search.query import Query
from storage.search.search import Search

__all__ = ["Hit", "Meaning", "MeaningError", "Query", "Results", "Search"]
