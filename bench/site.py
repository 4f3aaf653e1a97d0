"""Load test of the site: twenty concurrent users on this machine over loopback.

    python -m bench.site --home FOLDER [--passages N] [--seconds S]

The server is the product's own with two workers and the knowledge base of `bench.filled`. Twenty
threads request result pages, then suggestions. They do so twice: at a human pace, with a page about
every second and a suggestion per key, and without pauses, which measures the maximum throughput.
Each page uses a new connection; suggestions share one, as in a browser. Each phase ends after
`--seconds`.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import stored
from bench.filled import fill_knowledge_base
from bench.jsonlines import log, print_result
from bench.machine import machine
from bench.probes import Probes
from bench.timing import percentile, summary

READERS = 20
PORT = 8765
HOST = "127.0.0.1"
READING = 1.0  # seconds between two searches of a user
TYPING = 0.2  # between two keys
SETTLING = 12.0  # seconds until both workers have loaded their caches
PATIENCE = 120.0  # seconds for the server to open the base


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.site", description=__doc__)
    stored.add_options(parser)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    source = stored.select_corpus(options, options.home)
    fill_knowledge_base(options.home / "base", source).store.close()
    words = [
        probe.words
        for probe in Probes(source, len(source), options.seed).classes(200, ["What is it?"])["and2"]
    ]
    environment = {
        **os.environ,
        "KB_HOME": str(options.home / "base"),
        "KB_API_REQUESTS_PER_MINUTE": "0",  # all requests come from one address
    }
    start = "from web.cli import main; main()"
    command = [sys.executable, "-c", start, "serve", "--port", str(PORT), "--workers", "2"]
    with subprocess.Popen(command, env=environment) as server:
        try:
            _wait()
            searches = [f"/search?q={quote(' '.join(two))}" for two in words]
            typed = [f"/api/v1/suggest?q={quote(two[0][:4])}" for two in words]
            time.sleep(SETTLING)
            results = {}
            for name, addresses, pause in (
                ("pages", searches, READING),
                ("suggestions", typed, TYPING),
                ("pages without a pause", searches, 0.0),
                ("suggestions without a pause", typed, 0.0),
            ):
                log(f"requesting {name}")
                results[name] = _run_users(
                    addresses, options.seconds, pause, keep_alive=addresses is typed
                )
        finally:
            server.terminate()
    print_result(
        {
            "passages": len(source),
            "readers": READERS,
            **results,
            "machine": machine(),
        }
    )


def _wait() -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if _get(http.client.HTTPConnection(HOST, PORT, timeout=5), "/readyz") == 200:
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("The server did not start.")


def _get(connection: http.client.HTTPConnection, address: str) -> int:
    connection.request("GET", address)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _run_users(
    addresses: list[str], seconds: float, pause: float, *, keep_alive: bool
) -> dict[str, Any]:
    """Run all users for a given time with a given pause; return their response times."""
    times: list[float] = []
    errors: list[int] = []
    until = time.monotonic() + seconds

    def read(seed: int) -> None:
        chance = random.Random(seed)
        connection = http.client.HTTPConnection(HOST, PORT, timeout=30)
        while time.monotonic() < until:
            time.sleep(pause * chance.uniform(0.5, 1.5))
            started = time.perf_counter()
            status = _get(connection, chance.choice(addresses))
            times.append(time.perf_counter() - started)
            if not keep_alive:
                connection.close()  # reopened automatically
            if status != 200:
                errors.append(status)
        connection.close()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    p95 = round(percentile(times, 0.95) * 1000, 1)
    metrics = summary(times)
    return {
        "answers": len(times),
        "errors": len(errors),
        "p50_ms": metrics["p50_ms"],
        "p95_ms": p95,
        "p99_ms": metrics["p99_ms"],
        "per_second": round(len(times) / seconds, 1),
    }


if __name__ == "__main__":
    main()
