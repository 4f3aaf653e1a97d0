"""The cost of the embeddable element for its host page: bytes, blocking time, layout shift.

    kb serve --port 8000 &        # with allowed_origins = ["http://localhost:8081"]
    python -m bench.embed http://127.0.0.1:8000 [--runs N] [--q WORDS]

Compares a page with and without the element, alternating, each in a new Chromium context. Bytes are
transferred bytes without cache. Blocking time is the part of long tasks beyond 50 ms, as in
Lighthouse, with a CPU slowdown of four; `thread_ms` is the CPU time of the main thread; `shift` is
the cumulative layout shift; `paint_ms` is the first contentful paint. Then the query is typed with
a key every 60 ms: `searching` is the additional cost, `shown_ms` the time from the last key to the
first result.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from bench.jsonlines import print_result
from bench.machine import machine

PORT = 8081
SLOWER = 4  # CPU slowdown of Lighthouse to simulate a mid-range phone
KEY_MS = 60  # between two keys of a fast typist
WATCH = """window.blocked = 0; window.shift = 0;
const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take))
  .observe({ type, buffered: true });
watch("longtask", (one) => { window.blocked += Math.max(0, one.duration - 50); });
watch("layout-shift", (one) => { window.shift += one.value; });"""


def page(kb: str, *, element: bool) -> str:
    form = f'<form action="{kb}/search"><input name="q"><button>Search</button></form>'
    box = f'<kb-search base="{kb}">{form}</kb-search>' if element else form
    script = f'<script type="module" src="{kb}/embed/v1/kb-search.js"></script>' if element else ""
    text = "<p>Canteen, rotas and other things.</p>" * 30
    return (
        f"<!doctype html><html lang=en><title>Intranet</title><h1>Intranet</h1>{box}{text}{script}"
    )


def measure_visit(browser: Browser, url: str, q: str) -> dict[str, dict[str, float]]:
    """Return the cost of a visit and, with the element, the additional cost of a search."""
    context = browser.new_context()
    context.add_init_script(WATCH)
    tab = context.new_page()
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    tab.goto(url, wait_until="networkidle")
    costs = {"visit": {**cost(tab, received), **moments(tab), "thread_ms": thread(session)}}
    if tab.locator("kb-search").count():
        before = cost(tab, received)
        box = tab.get_by_role("combobox")
        box.press_sequentially(q, delay=KEY_MS)
        begun = time.monotonic()
        tab.get_by_role("option").first.wait_for()
        shown = 1000 * (time.monotonic() - begun)
        tab.wait_for_load_state("networkidle")
        after = cost(tab, received)
        costs["searching"] = {name: after[name] - before[name] for name in after}
        costs["searching"]["shown_ms"] = shown
    context.close()
    return costs


def cost(tab: Page, received: list[float]) -> dict[str, float]:
    """Return the accumulated cost of a page."""
    return {
        "bytes": sum(received),
        "requests": len(received),
        "blocking_ms": tab.evaluate("window.blocked"),
        "shift": tab.evaluate("window.shift"),
    }


def thread(session: CDPSession) -> float:
    """Return the CPU time of the page's main thread."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    seconds: float = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    return 1000 * seconds


def moments(tab: Page) -> dict[str, float]:
    """Return the times at which the page was painted and loaded."""
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    load = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    return {"paint_ms": tab.evaluate(paint), "load_ms": tab.evaluate(load)}


def medians(visits: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in visits), 3) for name in visits[0]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.embed", description=__doc__)
    parser.add_argument("kb")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--q", default="warfarin bleeding")
    parser.add_argument("--chromium", help="path of the browser")
    options = parser.parse_args()

    @Request.application
    def host(request: Request) -> Response:
        return Response(page(options.kb, element=request.path == "/with"), mimetype="text/html")

    server = make_server("localhost", PORT, host, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    visits_by_page: dict[str, list[dict[str, dict[str, float]]]] = {"without": [], "with": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=options.chromium, args=["--no-sandbox"]
        )
        for _ in range(options.runs):
            for name, visits in visits_by_page.items():
                visits.append(measure_visit(browser, f"http://localhost:{PORT}/{name}", options.q))
        browser.close()
    server.shutdown()
    result: dict[str, Any] = {
        name: medians([one["visit"] for one in visits]) for name, visits in visits_by_page.items()
    }
    result["searching"] = medians([one["searching"] for one in visits_by_page["with"]])
    print_result({**result, "runs": options.runs, "slowed_down": SLOWER, "machine": machine()})


if __name__ == "__main__":
    main()
