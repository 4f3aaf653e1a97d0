"""What the element costs the page that holds it: bytes, blocking time, moved content.

    kb serve --port 8000 &        # with allowed_origins = ["http://localhost:8081"]
    python -m bench.embed http://127.0.0.1:8000 [--runs N]

A bare page and the same page with the element, taking turns, each in a fresh context of Chromium.
Bytes are what came over the wire (the element's script, nothing is cached); blocking time is what
long tasks take beyond 50 ms each, as Lighthouse counts it, with the processor slowed down four
times; `shift` is the cumulative layout shift.
"""

from __future__ import annotations

import argparse
import statistics
import threading
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from bench.jsonlines import print_result
from bench.machine import machine

PORT = 8081
SLOWER = 4
WATCH = """window.blocked = 0; window.shift = 0;
const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take))
  .observe({ type, buffered: true });
watch("longtask", (one) => { window.blocked += Math.max(0, one.duration - 50); });
watch("layout-shift", (one) => { window.shift += one.value; });"""


def page(kb: str, *, element: bool) -> str:
    form = f'<form action="{kb}/search"><input name="q"><button>Search</button></form>'
    held = f'<kb-search base="{kb}">{form}</kb-search>' if element else form
    script = f'<script type="module" src="{kb}/embed/v1/kb-search.js"></script>' if element else ""
    text = "<p>Canteen, rotas and other things.</p>" * 30
    return (
        f"<!doctype html><html lang=en><title>Intranet</title><h1>Intranet</h1>{held}{text}{script}"
    )


def visited(browser: Browser, url: str) -> dict[str, float]:
    context = browser.new_context()
    context.add_init_script(WATCH)
    tab = context.new_page()
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    tab.goto(url, wait_until="networkidle")
    found = {
        "bytes": sum(received),
        "requests": len(received),
        "blocking_ms": tab.evaluate("window.blocked"),
        "shift": tab.evaluate("window.shift"),
        "load_ms": tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"),
    }
    context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.embed", description=__doc__)
    parser.add_argument("kb")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--chromium", help="path of the browser")
    options = parser.parse_args()

    @Request.application
    def host(request: Request) -> Response:
        return Response(page(options.kb, element=request.path == "/with"), mimetype="text/html")

    server = make_server("localhost", PORT, host, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found: dict[str, list[dict[str, float]]] = {"without": [], "with": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=options.chromium, args=["--no-sandbox"]
        )
        for _ in range(options.runs):
            for name, visits in found.items():
                visits.append(visited(browser, f"http://localhost:{PORT}/{name}"))
        browser.close()
    server.shutdown()
    result: dict[str, Any] = {
        name: {key: round(statistics.median(v[key] for v in visits), 3) for key in visits[0]}
        for name, visits in found.items()
    }
    print_result({**result, "runs": options.runs, "slowed_down": SLOWER, "machine": machine()})


if __name__ == "__main__":
    main()
