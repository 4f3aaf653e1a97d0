"""What the tests of the store share."""

from __future__ import annotations

import pytest

from tests.kb.building import Clock


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is set."""
    return Clock()
