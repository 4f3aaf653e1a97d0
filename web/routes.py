"""What the API is made of: each route is declared once, and both its view and its description come
from that declaration.

The shape of an answer is the return type of the view, which the type checker holds it to; the
summary is the first line of its docstring. What every route answers to (limits, errors of ours) is
added by `web.openapi`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from flask import Blueprint

from kb.taxonomy import Taxonomy
from web.caching import revalidated
from web.parameters import Parameter, no_parameters

View = TypeVar("View", bound=Callable[..., Any])
Described = Callable[[Taxonomy], list[Parameter]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route: `kept` says that a cache may keep the answer and ask whether it still holds."""

    name: str
    path: str
    view: Callable[..., Any]
    parameters: Described
    problems: tuple[type[Exception], ...]
    kept: bool

    @property
    def answer(self) -> Any:
        """The type of the answer."""
        return get_type_hints(self.view, include_extras=True)["return"]

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.view.__doc__ or "").strip().splitlines()[0]


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
            )
            self._routes.append(route)
            answering = revalidated(view) if kept else view
            self._blueprint.add_url_rule(path, endpoint=view.__name__, view_func=answering)
            return view

        return add
