"""Mapping of error classes to HTTP statuses and problem codes."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from kb import errors
from web.middleware.error_handlers import UNEXPECTED, find_problem
from web.params import ParameterError

STATUSES = [
    (ParameterError("limit", "is wrong"), 400, "parameter"),
    (errors.QueryError("too long"), 400, "query"),
    (errors.NotFoundError("article", "x"), 404, "not-found"),
    (errors.WorkflowStateError("published already"), 409, "state"),
    (errors.SourceError("a.pdf", "is empty.", "Save it again."), 422, "source"),
    (errors.IndexMissingError("/kb/index"), 503, "index"),
    (errors.IndexVersionError("1", "2"), 503, "index"),
    (errors.IndexCorruptError("short"), 503, "index"),
    (errors.NoKnowledgeBaseError("/kb"), 503, "store"),
    (errors.SchemaVersionError(None, "1"), 503, "store"),
    (errors.SettingsError("wrong."), 500, "unexpected"),
    (RuntimeError("what?"), 500, "unexpected"),
]


@pytest.mark.parametrize(("error", "status", "code"), STATUSES)
def test_error_class_maps_to_status_and_code(error, status, code):
    problem = find_problem(error)
    assert (problem.status, problem.code) == (HTTPStatus(status), code)
    assert problem.title
    assert problem.kept


def test_unexpected_error_hides_its_message():
    assert UNEXPECTED.detail
