"""Editorial checks: what an editor should look at before an article is published.

The rules are data (``rules.toml``, ``KB_HOME/checks.toml``); docs/checks.md tells each.
"""

from ingest.checking.checks import check_article
from ingest.checking.finding import Finding, Level, Place
from ingest.checking.neighbours import Neighbour, Neighbourhood, keys_of
from ingest.checking.rules import Rule, Rules, load_rules

__all__ = [
    "Finding",
    "Level",
    "Neighbour",
    "Neighbourhood",
    "Place",
    "Rule",
    "Rules",
    "check_article",
    "keys_of",
    "load_rules",
]
