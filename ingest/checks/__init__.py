"""Editorial checks: what an editor should look at before an article is published.

The rules are data (``rules.toml``, ``KB_HOME/checks.toml``); docs/checks.md tells each.
"""

from ingest.checks.config import Rule, Rules, load_rules
from ingest.checks.context import RelatedContent, RelatedPassage
from ingest.checks.finding import Finding, FindingLocation, Level
from ingest.checks.runner import check_article

__all__ = [
    "Finding",
    "FindingLocation",
    "Level",
    "RelatedContent",
    "RelatedPassage",
    "Rule",
    "Rules",
    "check_article",
    "load_rules",
]
