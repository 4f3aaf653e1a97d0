"""Worker pool: order, read-ahead, and isolation of misbehaving items."""

import ctypes
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.extra_time import request_extra_time
from ingest.workers.fork_server import WorkerFaultError, WorkerLostError
from ingest.workers.pool import MAX_BATCH, READ_AHEAD, map_ordered
from ingest.workers.sandbox import SandboxLimits, limits_for, safe_loads
from kb.errors import SandboxError, SourceError, SourceProblem
from kb.model.reader_limits import DEFAULT_MAX_CHARACTERS, ReaderLimits

MEGABYTE = 1_000_000
SMALL = SandboxLimits(
    memory_bytes=200 * MEGABYTE, cpu_seconds=1, wall_seconds=20, output_bytes=MEGABYTE
)


def work(item, shared):
    if item == "fail":
        raise ValueError("no")
    if item == "refuse":
        raise SourceError("s", "p", "m", code=SourceProblem.SCANNED)
    return f"{item}{shared}"


def misbehave(item, where):
    match item:
        case "loops":
            while True:
                pass
        case "sleeps":
            time.sleep(60)
        case "eats":
            return len([bytearray(MEGABYTE) for _ in range(10_000)])
        case "grows":
            misbehave.kept = bytearray(100 * MEGABYTE)
        case "aborts":
            os.abort()
        case "crashes":
            ctypes.string_at(0)
        case "exits":
            os._exit(3)
        case "writes":
            Path(where, "written").write_text("x")
        case "prints":
            for stream in (sys.stdout, sys.stderr):
                stream.write("noise" * MEGABYTE)
                stream.flush()
            os.write(1, b"noise")
        case "long":
            return "x" * 2 * MEGABYTE
        case "answers":
            return subprocess.Popen
        case "leaves a child":
            child = subprocess.Popen(["/bin/sleep", "60"])
            return child.pid
        case "asks for time":
            request_extra_time(1.5)
            time.sleep(2)
        case "asks for much time":
            request_extra_time(1000)
            time.sleep(60)
        case "looks":
            return (dict(os.environ), len(list(Path("/proc/self/fd").iterdir())), sys.stdin.read())
    return f"{os.getpid()}"


def one_by_one(lists):
    return [entry for together in lists for entry in together]


def run(*items, where="", limits=SMALL, jobs=1):
    return dict(one_by_one(map_ordered(misbehave, items, where, jobs=jobs, limits=limits)))


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_are_in_order_and_include_failures(jobs):
    error = SourceError("s", "p", "m")
    items = ["a", error, "fail", "refuse", *map(str, range(20))]
    results = one_by_one(map_ordered(work, items, "!", jobs=jobs))
    assert [item for item, _ in results] == items
    assert results[0][1] == "a!"
    assert results[1][1] is error
    assert isinstance(results[2][1], WorkerFaultError)
    assert str(results[2][1]) == "ValueError: no"
    assert str(results[3][1]) == str(error)
    assert results[3][1].code is SourceProblem.SCANNED
    assert [result for _, result in results[4:]] == [f"{n}!" for n in range(20)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_read_ahead_is_bounded(jobs):
    taken = []
    items = (taken.append(n) or str(n) for n in range(1000))
    results = map_ordered(work, items, "", jobs=jobs)
    next(results)
    assert len(taken) <= READ_AHEAD * jobs + MAX_BATCH
    results.close()


@pytest.mark.parametrize(
    ("item", "code", "value"),
    [
        ("loops", SourceProblem.PROCESSOR_TIME, "1 s"),
        ("eats", SourceProblem.MEMORY, "200 MB"),
        ("aborts", SourceProblem.CRASH, "SIGABRT"),
        ("crashes", SourceProblem.CRASH, "SIGSEGV"),
        ("exits", SourceProblem.CRASH, "3"),
        ("writes", SourceProblem.FILE_WRITE, ""),
        ("long", SourceProblem.OUTPUT, "1 MB"),
        ("answers", SourceProblem.BAD_ANSWER, ""),
    ],
)
def test_misbehaving_item_is_lost_alone(item, code, value, tmp_path):
    results = run("before", item, "after", where=str(tmp_path))
    assert isinstance(results[item], WorkerLostError)
    assert results[item].code == code
    assert re.search(rf"\b{value}", results[item].problem)
    assert results[item].hint
    assert results["before"].isdigit()
    assert results["after"].isdigit()
    assert not any(path.stat().st_size for path in tmp_path.iterdir())


def test_timeout_kills_the_process_group():
    limits = SandboxLimits(wall_seconds=1)
    results = run("sleeps", "after", limits=limits)
    assert results["sleeps"].code == SourceProblem.ELAPSED_TIME
    assert "1 s" in results["sleeps"].problem
    assert results["after"].isdigit()


def test_item_may_extend_its_time_once_and_up_to_a_maximum():
    limits = SandboxLimits(wall_seconds=1, max_extra_seconds=2)
    results = run("asks for time", "asks for much time", "sleeps", "after", limits=limits)
    assert results["asks for time"].isdigit()
    assert results["asks for much time"].code == SourceProblem.ELAPSED_TIME
    assert "3 s" in results["asks for much time"].problem
    assert "1 s" in results["sleeps"].problem
    assert results["after"].isdigit()


def test_limits_grow_with_the_longest_article():
    usual = SandboxLimits()
    assert limits_for(ReaderLimits(article_max_characters=10)) == usual
    doubled = limits_for(ReaderLimits(article_max_characters=2 * DEFAULT_MAX_CHARACTERS))
    assert (doubled.cpu_seconds, doubled.wall_seconds, doubled.memory_bytes) == (
        2 * usual.cpu_seconds,
        2 * usual.wall_seconds,
        2 * usual.memory_bytes,
    )


def test_output_of_worker_is_discarded(capfd):
    assert run("prints")["prints"].isdigit()
    assert capfd.readouterr() == ("", "")


def test_worker_is_reused_until_it_has_grown():
    assert len(set(run("a", "b", "c").values())) == 1
    limits = SandboxLimits(growth_bytes=50 * MEGABYTE)
    assert len(set(run("a", "grows", "c", limits=limits).values())) == 2


def test_worker_inherits_no_environment_or_descriptors(monkeypatch):
    monkeypatch.setenv("KB_DATABASE", "postgresql://kb:secret@db/kb")
    environment, descriptors, stdin = run("looks")["looks"]
    assert "KB_DATABASE" not in environment
    assert (
        descriptors <= 6
    )  # three for /dev/null, the socket (at most twice), the directory listing
    assert stdin == ""


def test_closing_the_generator_kills_workers():
    results = map_ordered(misbehave, ["leaves a child", "sleeps", "b"], "", jobs=2)
    ((_, child),) = next(results)
    results.close()
    with pytest.raises(ProcessLookupError):
        for _ in range(100):  # the signal may not have reached the orphaned process yet
            os.kill(child, 0)
            if "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
                raise ProcessLookupError
            time.sleep(0.05)


def test_failed_start_raises_sandbox_error(monkeypatch):
    monkeypatch.setattr("ingest.workers.fork_server.INTERPRETER", ("/bin/false",))
    with pytest.raises(SandboxError) as error:
        run("a")
    assert error.value.detail
    assert f"`{sys.executable} -I -c " in str(error.value)


def test_interrupt_ends_the_batch_and_keeps_results(tmp_path):
    program = (
        "import os, signal\n"
        "from ingest.workers.pool import map_ordered\n"
        "from tests.ingest.workers.test_pool import misbehave\n"
        "done = []\n"
        "try:\n"
        "    for ((item, result),) in map_ordered(misbehave, ['a', 'sleeps'], '', jobs=1):\n"
        "        print('done', item, flush=True)\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', flush=True)\n"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout.readline() == "done a\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "stopped\n"
    assert process.returncode == 0


class ByAttribute:
    """Pickles itself as an attribute access, as Python 3.11.2 pickles enum members."""

    def __init__(self, owner: object, name: str) -> None:
        self.owner, self.name = owner, name

    def __reduce__(self):
        return getattr, (self.owner, self.name)


def test_result_may_contain_enum_members_of_every_python():
    answer = pickle.dumps(ByAttribute(SourceProblem, "BAD_ANSWER"))
    assert safe_loads(answer) is SourceProblem.BAD_ANSWER


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (SourceProblem, "__class__"),
        (SourceError, "__init__"),
        (SourceProblem, "mro"),
        ("", "format"),
    ],
)
def test_result_may_contain_no_other_attribute(owner, name):
    with pytest.raises(pickle.UnpicklingError):
        safe_loads(pickle.dumps(ByAttribute(owner, name)))
