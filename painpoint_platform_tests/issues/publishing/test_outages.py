"""A server or a run that ends in the middle: the next sync makes it good, nothing lost, nothing doubled."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.issues.publishing.pocketbase_client import OutageError, PocketBaseClient, RefusedError
from painpoint_platform.issues.publishing.tables import TrackingChanges
from painpoint_platform_tests.issues.publishing.conftest import EMAIL, PASSWORD, MakeClient, Remote, assert_published
from painpoint_platform_tests.issues.publishing.gold import DAY, Gold


@contextmanager
def answering(status: int, body: str, *, busy: int = 0, **headers: str) -> Iterator[str]:
    """A server that gives every request the same answer, after ``busy`` times 503; yields its URL."""
    statuses = iter([503] * busy)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(next(statuses, status))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_server_that_is_down_costs_an_attempt_and_nothing_else(
    remote: Remote, gold: Gold, new_client: MakeClient, own_server: Callable[..., Any]
) -> None:
    with own_server() as server:
        port = server.port
    gold.issue("slow")
    down = new_client(f"http://127.0.0.1:{port}")

    first, second = gold.sync(down), gold.sync(down)

    assert "cannot be reached" in str(first.outage)
    assert (second.failed, second.writes, second.evidence_failed) == (1, 0, 3)
    [(has_hash, attempts, error)] = gold.tracked().values()
    assert (has_hash, attempts) == (False, 2)
    assert "cannot be reached" in error
    assert gold.sync(new_client()).created == 1
    assert_published(remote, 1, 3)


def test_what_one_day_could_not_send_the_next_day_does(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow")
    gold.sync(new_client("http://127.0.0.1:9", timeout_s=0.2))

    report = gold.sync(new_client(), DAY + timedelta(days=1))

    assert report.created == 1
    assert_published(remote, 1, 3)


def test_a_server_that_is_down_cannot_be_verified(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow")
    gold.sync(new_client())
    down = new_client("http://127.0.0.1:9", timeout_s=0.2)

    assert "cannot be reached" in str(gold.sync(down, verify=True).outage)
    gold.issue("crash")
    assert gold.sync(down, verify=True).failed == 1
    with pytest.raises(UserError, match="POCKETBASE_PASSWORD"):
        gold.sync(new_client(password="wrong"), verify=True)

    assert (gold.sync(new_client()).created, gold.sync(new_client()).requests) == (1, 0)


def test_a_server_that_never_answers_is_given_up(gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        report = gold.sync(new_client(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.3))

    assert "did not answer within 0.3 s" in str(report.outage)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((200, "<html>Log in</html>", {"Content_Type": "text/html"}), "answered with text/html"),
        ((302, "", {"Location": "https://login.example.com/"}), "redirects elsewhere"),
        ((404, "<html>not here</html>", {"Content_Type": "text/html"}), "POCKETBASE_URL.*expected PocketBase"),
        ((401, '{"mfaId": "x", "message": "?"}', {}), "second factor"),
    ],
)
def test_something_else_at_the_address_is_named(
    gold: Gold, new_client: MakeClient, answer: tuple[int, str, dict[str, str]], expected: str
) -> None:
    gold.issue("slow")
    status, body, headers = answer
    with answering(status, body, **headers) as url, pytest.raises(UserError, match=expected):
        gold.sync(new_client(url))
    assert gold.tracked()["slow"][1] == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_or_broken_is_an_outage(gold: Gold, new_client: MakeClient, status: int) -> None:
    gold.issue("slow")
    with answering(status, '{"message": "no"}') as url:
        report = gold.sync(new_client(url, timeout_s=0.5))
    assert str(status) in str(report.outage)
    assert report.failed == 1


def test_a_server_that_is_busy_for_a_moment_is_asked_again(new_client: MakeClient) -> None:
    with answering(200, '{"token": "t", "record": {"id": "x"}}', busy=3) as url:
        client = new_client(url)
        client.sign_in()
    assert client.request_count == 4


def test_a_server_that_breaks_in_the_middle_is_not_asked_for_every_record(
    remote: Remote, gold: Gold, new_client: MakeClient
) -> None:
    gold.issue("slow", items=400)
    client = new_client()
    send, refused = client.send, []

    def breaking(method: str, path: str, **options: Any) -> Any:
        if "issue_evidence/records" in path + str(options):
            refused.append(path)
            raise RefusedError(500, "panic", {})
        return send(method, path, **options)

    client.send = breaking  # type: ignore[method-assign]
    report = gold.sync(client)

    assert "fails with every record" in str(report.outage)
    assert (report.created, report.evidence_failed) == (1, 400)
    assert len(refused) < 30
    assert gold.sync(new_client()).evidence_sent == 400


@pytest.mark.parametrize("sends_before_death", [3, 8])
def test_a_server_killed_in_the_middle_gets_what_is_missing_later(
    gold: Gold, new_client: MakeClient, own_server: Callable[..., Any], sends_before_death: int
) -> None:
    for number in range(4):
        gold.issue(f"issue-{number}", items=300)
    with own_server() as server:
        client = new_client(server.url)
        send, sends = client.send, iter(range(100))

        def dying(*args: Any, **options: Any) -> Any:
            number = next(sends)
            if number == sends_before_death:
                # Strikes while the request is under way, or just before: either way its fate is unknown.
                threading.Timer(0.005, server.kill).start()
                time.sleep(0.003)
            elif number > sends_before_death:
                server.process.wait()
            return send(*args, **options)

        client.send = dying  # type: ignore[method-assign]
        report = gold.sync(client)
        server.process.wait()
        port = server.port

    with own_server(port) as server:
        remote = Remote(server)
        again = gold.sync(new_client(server.url))
        assert_published(remote, 4, 1200)
        assert gold.sync(new_client(server.url)).requests == 0
        remote.close()
    assert (again.failed, again.outage) == (0, None)
    if report.outage:
        assert report.failed > 0
        assert again.writes > 0
    assert report.outage
    assert set(gold.tracked().values()) == {(True, 0, None)}


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the system cannot limit another process's files")
def test_a_server_whose_disk_is_full_gets_what_is_missing_once_there_is_room(
    gold: Gold, new_client: MakeClient, own_server: Callable[..., Any], tmp_path: Path
) -> None:
    """No file of the server may grow beyond what it has: what a full disk is to its database."""
    gold.issue("before")
    with own_server() as server:
        gold.sync(new_client(server.url))
        gold.issue("during", items=300)
        pid, limits = server.process.pid, resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        largest = max(file.stat().st_size for file in (tmp_path / "pocketbase").glob("*.db*"))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, limits[1]))
        full = gold.sync(new_client(server.url))
        assert full.failed == 1
        assert "a full disk?" in str(full.outage or full.notes)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        assert gold.sync(new_client(server.url)).failed == 0
        remote = Remote(server)
        assert_published(remote, 2, 303)
        remote.close()


@pytest.mark.parametrize("sends_before_death", [1, 7])
def test_a_run_that_dies_in_the_middle_leaves_nothing_behind(
    remote: Remote, gold: Gold, new_client: MakeClient, sends_before_death: int
) -> None:
    """The run is killed, gold changes, the day is run again: only what gold says now is there."""
    for key in ("stays", "goes", "changes"):
        gold.issue(key, items=200)
    client = new_client()
    send, sends = client.send, iter(range(100))

    def dying(*args: Any, **options: Any) -> Any:
        if next(sends) == sends_before_death:
            raise KeyboardInterrupt
        return send(*args, **options)

    client.send = dying  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        gold.sync(client)
    assert {attempts for _, attempts, _ in gold.tracked().values()} == {1}
    gold.run("delete from gold.issues where issue_key = 'goes'")
    gold.run("delete from gold.issue_evidence where issue_key = 'goes' or url_hash like 'changes-2-1__'")

    gold.sync(new_client())

    assert_published(remote, 2, 300)
    assert gold.sync(new_client()).requests == 0


def test_a_run_that_dies_while_removing_can_be_undone(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow", items=4)
    gold.sync(new_client())

    def not_written(changes: TrackingChanges) -> None:
        if gold.recorded and gold.recorded[-1].issues["last_error"][0] is not None and calls:
            raise KeyboardInterrupt
        calls.append(1)
        gold.record(changes)

    calls: list[int] = []
    gold.run("update gold.issues set label_failed = true")
    with pytest.raises(KeyboardInterrupt):
        gold.sync(new_client(), record=not_written)
    assert_published(remote, 0, 0)
    gold.run("update gold.issues set label_failed = false")

    gold.sync(new_client())

    assert_published(remote, 1, 4)


def test_a_client_reports_an_outage_when_the_server_goes_away(own_server: Callable[..., Any]) -> None:
    with own_server() as server, PocketBaseClient(server.url, EMAIL, PASSWORD) as client:
        assert client.send("GET", "/api/health")["code"] == 200
        server.kill()
        with pytest.raises(OutageError, match="cannot be reached"):
            client.send("GET", "/api/health")
