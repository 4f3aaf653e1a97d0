"""What a page of the desk states, read from its attributes and not from its prose."""

from __future__ import annotations

from tests.web.page_text import HasText, parse


def error_of(page: HasText) -> str:
    """Return the code of the error that the alert of a page reports, or nothing."""
    return _attribute(page, '[role="alert"]', "data-error")


def notice_of(page: HasText) -> str:
    """Return the key of the notice on what was just done, or nothing."""
    return _attribute(page, '[role="status"][data-message]', "data-message")


def problem_of(page: HasText) -> str:
    """Return the code of a page that stands for an error, or nothing."""
    return _attribute(page, "[data-problem]", "data-problem")


def status_of(page: HasText) -> tuple[str, str, str]:
    """Return an article's workflow status, its newest version, and the published one."""
    return (
        _attribute(page, "#status [data-status]", "data-status"),
        _attribute(page, "#status", "data-version"),
        _attribute(page, "#status", "data-published-version"),
    )


def queues_of(page: HasText) -> dict[str, list[str]]:
    """Return the links in each queue of the worklist."""
    return {
        str(queue["data-queue"]): [link.get_text() for link in queue.select("li > a")]
        for queue in parse(page).select("[data-queue]")
    }


def forms_of(page: HasText) -> list[str]:
    """Return where the forms of a page's content lead."""
    return [str(form["action"]) for form in parse(page).select("main form")]


def _attribute(page: HasText, selector: str, name: str) -> str:
    element = parse(page).select_one(selector)
    return str(element[name]) if element else ""
