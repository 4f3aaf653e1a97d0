"""Editorial checks: what an editor should look at before an article is published.

The rules are data (``rules.toml``, ``KB_HOME/checks.toml``); docs/checks.md tells each.
"""

from ingest.checking.checks import check_article
from ingest.checking.finding import Finding, Level, Place
from ingest.checking.rules import Rule, Rules, load_rules
from ingest.checking.surroundings import Neighbour, Surroundings

__all__ = [
    "Finding",
    "Level",
    "Neighbour",
    "Place",
    "Rule",
    "Rules",
    "Surroundings",
    "check_article",
    "load_rules",
]
