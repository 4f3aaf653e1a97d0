"""What the API is made of: each route is declared once, and both its view and its description come
from that declaration.

The shape of an answer is the return type of the view, which the type checker holds it to; the
summary is the first line of its docstring. What every route answers to (limits, errors of ours) is
added by `web.api.openapi`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from flask import Blueprint

from kb.errors import AuthenticationRequiredError, ForbiddenError
from kb.model.taxonomy import Taxonomy
from web.middleware.auth import REQUIREMENT, Requirement
from web.middleware.http_cache import conditional_get
from web.params import Parameter, no_parameters

View = TypeVar("View", bound=Callable[..., Any])
Described = Callable[[Taxonomy], list[Parameter]]


JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route: `kept` says that a cache may keep the answer and ask whether it still holds.

    `takes` and `gives` are the media types of what is sent and answered; a body that is not JSON is
    described by its type alone.
    """

    name: str
    path: str
    method: str = "get"
    view: Callable[..., Any]
    parameters: Described
    problems: tuple[type[Exception], ...]
    kept: bool = False
    takes: str = ""
    gives: str = JSON
    deprecated: bool = False

    @property
    def answer(self) -> Any:
        """The type of the answer."""
        return get_type_hints(self.view, include_extras=True)["return"]

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.view.__doc__ or "").strip().splitlines()[0]

    @property
    def requirement(self) -> Requirement | None:
        """The permission and token scope that the route requires, if any."""
        found: Requirement | None = getattr(self.view, REQUIREMENT, None)
        return found

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """The errors of its own: who lacks a right is told so."""
        refusals = (AuthenticationRequiredError, ForbiddenError) if self.requirement else ()
        return (*self.problems, *refusals)


class Routes:
    """The routes of one blueprint, in the order in which they are described."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(
        self,
        path: str,
        *,
        parameters: Described = no_parameters,
        problems: tuple[type[Exception], ...] = (),
        kept: bool = False,
        gives: str = JSON,
        deprecated: bool = False,
    ) -> Callable[[View], View]:
        """Let a view answer at `path`, and remember how it is described."""

        def add(view: View) -> View:
            route = Route(
                name=view.__name__,
                path=f"{self._blueprint.url_prefix}{path}",
                view=view,
                parameters=parameters,
                problems=problems,
                kept=kept,
                gives=gives,
                deprecated=deprecated,
            )
            self._routes.append(route)
            answering = conditional_get(view) if kept else view
            self._blueprint.add_url_rule(path, endpoint=view.__name__, view_func=answering)
            return view

        return add

    def post(
        self,
        path: str,
        *,
        takes: str,
        parameters: Described = no_parameters,
        problems: tuple[type[Exception], ...] = (),
    ) -> Callable[[View], View]:
        """Let a view take what is sent to `path`, and remember how it is described."""

        def add(view: View) -> View:
            route = Route(
                name=view.__name__,
                path=f"{self._blueprint.url_prefix}{path}",
                method="post",
                view=view,
                parameters=parameters,
                problems=problems,
                takes=takes,
            )
            self._routes.append(route)
            self._blueprint.add_url_rule(
                path, endpoint=view.__name__, view_func=view, methods=["POST"]
            )
            return view

        return add
