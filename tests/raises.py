"""An error that is expected by its class and its code, whatever its message says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from kb.errors import KnowledgeBaseError

E = TypeVar("E", bound=KnowledgeBaseError)


@contextmanager
def raises(kind: type[E], code: str) -> Iterator[pytest.ExceptionInfo[E]]:
    """Fail unless the block raises an error of this class with this code."""
    with pytest.raises(kind) as raised:
        yield raised
    assert raised.value.code == code, raised.value
