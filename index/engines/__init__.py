"""Search engines, selected by the scheme of their URL.

Engine modules are imported on first use, so that an installation needs only the libraries of the
engine that it is configured for.
"""

from __future__ import annotations

from importlib import import_module

from index.engine import Engine
from kb.errors import SettingsError
from kb.model.taxonomy import Taxonomy

# URL scheme -> "module:factory". A factory takes the rest of the URL and the taxonomy.
ENGINES = {"whoosh": "index.engines.whoosh.engine:open_whoosh"}


def open_engine(url: str, taxonomy: Taxonomy) -> Engine:
    """Return the engine at `url`; raises `SettingsError` if no engine has its scheme."""
    scheme, _, location = url.partition(":")
    if scheme not in ENGINES or not location:
        raise SettingsError(
            f"KB_ENGINE: {url!r} is not an engine. Use whoosh:FOLDER.", setting="engine"
        )
    module, _, factory = ENGINES[scheme].partition(":")
    engine: Engine = getattr(import_module(module), factory)(location, taxonomy)
    return engine
