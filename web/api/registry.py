"""Declaration of API routes: one declaration creates both the endpoint and its documentation.

The response schema is the return type of the view, and the summary is the first line of its
docstring. Limits and errors common to all routes are added by `web.api.openapi`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from flask import Blueprint

from kb.errors import AuthenticationRequiredError, ForbiddenError
from web.middleware.auth import REQUIREMENT, Requirement
from web.middleware.http_cache import conditional_get
from web.params import Parameter

View = TypeVar("View", bound=Callable[..., Any])


JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One API route.

    `request_type` and `response_type` are media types, and `request_schema` is the type of a JSON
    body; other bodies are documented as binary. `is_cacheable` marks responses with an ETag, which
    clients can cache and revalidate. `problems` are the errors specific to the route.
    """

    name: str
    path: str
    method: str
    view: Callable[..., Any]
    parameters: Sequence[Parameter]
    problems: tuple[type[Exception], ...]
    is_cacheable: bool
    request_type: str
    request_schema: Any
    response_type: str
    deprecated: bool

    @property
    def response_schema(self) -> Any:
        """Annotated return type of the view, from which the response schema is built."""
        return get_type_hints(self.view, include_extras=True)["return"]

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (self.view.__doc__ or "").strip().splitlines()[0]

    @property
    def requirement(self) -> Requirement | None:
        """Permission and token scope that the route requires, if any."""
        requirement: Requirement | None = getattr(self.view, REQUIREMENT, None)
        return requirement

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """Errors specific to the route, including those of missing permissions."""
        access_errors = (AuthenticationRequiredError, ForbiddenError) if self.requirement else ()
        return (*self.problems, *access_errors)


class Routes:
    """Routes of one blueprint, in the order of the documentation."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def route(
        self,
        path: str,
        *,
        method: str = "get",
        parameters: Sequence[Parameter] = (),
        problems: tuple[type[Exception], ...] = (),
        is_cacheable: bool = False,
        request_type: str = "",
        request_schema: Any = None,
        response_type: str = JSON,
        deprecated: bool = False,
    ) -> Callable[[View], View]:
        """Register a view for requests to `path`."""

        def add(view: View) -> View:
            route = Route(
                name=view.__name__,
                path=f"{self._blueprint.url_prefix}{path}",
                method=method,
                view=view,
                parameters=parameters,
                problems=problems,
                is_cacheable=is_cacheable,
                request_type=request_type,
                request_schema=request_schema,
                response_type=response_type,
                deprecated=deprecated,
            )
            self._routes.append(route)
            handler = conditional_get(view) if is_cacheable else view
            self._blueprint.add_url_rule(
                path, endpoint=view.__name__, view_func=handler, methods=[method.upper()]
            )
            return view

        return add
