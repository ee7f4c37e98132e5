import errno
import os
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from painpoint_platform import locking
from painpoint_platform.errors import UserError, WarehouseLockedError
from painpoint_platform.locking import Deadline
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform_tests.warehouse.conftest import reasons, rejected
from painpoint_platform_tests.warehouse.holder import ROOT, holding


def test_two_processes_read_at_the_same_time(warehouse):
    with holding("reading", warehouse), open_read(warehouse, lock_timeout_s=0.1) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(("held", "wanted"), [("writing", open_read), ("writing", open_write), ("reading", open_write)])
def test_a_time_out_names_the_process_that_holds_the_warehouse(warehouse, held, wanted):
    with holding(held, warehouse) as process:
        with pytest.raises(WarehouseLockedError) as caught, wanted(warehouse, lock_timeout_s=0.2):
            pass
        message = str(caught.value)
        assert f"process {process.pid} (" in message
        assert f"{held} since 2" in message
        assert "holder.py" in message
        assert "WAREHOUSE_LOCK_TIMEOUT_S" in message


def test_a_shell_that_opened_the_file_itself_is_named(warehouse):
    with holding("duckdb", warehouse) as process:
        for wanted in (open_read, open_write):
            named = rf"process {process.pid} \(.*opened the file itself"
            with pytest.raises(WarehouseLockedError, match=named), wanted(warehouse, lock_timeout_s=0.2):
                pass


def test_a_shell_that_closes_the_file_in_time_is_waited_for(warehouse):
    with holding("duckdb", warehouse) as process:
        threading.Timer(0.2, process.stdin.close).start()
        with open_write(warehouse, lock_timeout_s=20) as connection:
            connection.execute(rejected("after the shell"))
    assert reasons(warehouse) == ["after the shell"]


@pytest.mark.parametrize("mode", ["reading", "writing"])
def test_a_killed_holder_frees_the_warehouse_and_leaves_no_note(warehouse, mode):
    with holding(mode, warehouse) as process:
        assert [holder.pid for holder in locking.holders(warehouse)] == [process.pid]
        process.kill()
        process.wait()
        with open_write(warehouse, lock_timeout_s=5):
            assert [holder.mode for holder in locking.holders(warehouse)] == ["writing"]
    assert locking.holders(warehouse) == []
    assert not list(warehouse.with_name(warehouse.name + ".locks").glob("*.json"))


def test_a_note_of_a_dead_process_is_not_believed(warehouse):
    with holding("reading", warehouse) as process:
        process.kill()
        process.wait()
        assert list(warehouse.with_name(warehouse.name + ".locks").glob(f"{process.pid}-*.json"))
        assert locking.holders(warehouse) == []


def test_threads_of_one_process_exclude_each_other(tmp_path):
    """Every holder looks for company that it must not have."""
    path, inside, errors = tmp_path / "w", [], []

    def work(seed: int) -> None:
        choice = random.Random(seed)
        for _ in range(15):
            writing = choice.random() < 0.4
            with (locking.exclusive if writing else locking.shared)(path, Deadline(30)):
                inside.append(writing)
                time.sleep(choice.random() * 0.002)
                if (writing and len(inside) != 1) or (not writing and any(inside)):
                    errors.append(list(inside))
                inside.remove(writing)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert errors == []


def test_readers_of_one_process_are_together(tmp_path):
    meeting = threading.Barrier(3, timeout=10)

    def read() -> None:
        with locking.shared(tmp_path / "w", Deadline(10)):
            meeting.wait()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(read) for _ in range(3)]:
            done.result()


def test_a_reader_that_leaves_does_not_free_the_lock_of_another_thread(tmp_path):
    """With POSIX record locks closing any handle of the file drops all locks of the process."""
    path = tmp_path / "w"
    entered, leave = threading.Event(), threading.Event()

    def read() -> None:
        with locking.shared(path, Deadline(10)):
            entered.set()
            leave.wait(120)

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        entered.wait(10)
        with locking.shared(path, Deadline(1)):
            pass
        script = f"""
from pathlib import Path
from painpoint_platform.errors import WarehouseLockedError
from painpoint_platform import locking
try:
    with locking.exclusive(Path({str(path)!r}), locking.Deadline(0.1)): print("got in")
except WarehouseLockedError: print("kept out")
"""
        other = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        leave.set()
        reader.result()
    assert other.stdout == "kept out\n"


def test_a_writer_is_not_starved_by_readers_that_overlap_for_ever(tmp_path):
    path, stop = tmp_path / "w", threading.Event()
    overlap = threading.Semaphore(0)

    def read() -> None:
        while not stop.is_set():
            with locking.shared(path, Deadline(30)):
                overlap.release()
                time.sleep(0.02)

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read) for _ in range(6)]
        for _ in range(12):
            overlap.acquire(timeout=10)
        try:
            with locking.exclusive(path, Deadline(60)):
                pass
        finally:
            stop.set()
        for reader in readers:
            reader.result()


def test_a_reader_is_not_starved_by_writers_that_follow_each_other_for_ever(tmp_path):
    path, stop, started = tmp_path / "w", threading.Event(), threading.Semaphore(0)

    def write() -> None:
        while not stop.is_set():
            with locking.exclusive(path, Deadline(30)):
                started.release()
                time.sleep(0.01)

    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write) for _ in range(3)]
        for _ in range(4):
            started.acquire(timeout=10)
        try:
            with locking.shared(path, Deadline(60)):
                pass
        finally:
            stop.set()
        for writer in writers:
            writer.result()


def test_a_thread_may_read_while_it_reads_even_with_a_writer_waiting(warehouse):
    with ThreadPoolExecutor(1) as pool, open_read(warehouse):
        writer = pool.submit(write_one, warehouse)
        time.sleep(0.1)
        with open_read(warehouse, lock_timeout_s=0.2) as connection:
            assert connection.execute("select count(*) from bronze.rejected_items").fetchone() == (0,)
        assert not writer.done()
    writer.result()
    assert reasons(warehouse) == ["a row"]


def write_one(path: Path) -> None:
    with open_write(path, lock_timeout_s=20) as connection:
        connection.execute(rejected("a row"))


@pytest.mark.parametrize(
    ("outer", "inner", "words"),
    [
        (open_write, open_write, "is writing .* asks for writing"),
        (open_write, open_read, "is writing .* asks for reading"),
        (open_read, open_write, "is reading .* asks for writing"),
    ],
)
def test_waiting_for_oneself_is_an_error_at_once(warehouse, outer, inner, words):
    with outer(warehouse), pytest.raises(RuntimeError, match=words), inner(warehouse):
        pass


def test_many_processes_and_threads_lose_no_write(warehouse):
    script = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from painpoint_platform_tests.warehouse.conftest import rejected
from painpoint_platform.warehouse.connection import open_read, open_write
path, name = Path(sys.argv[1]), sys.argv[2]

def work(thread):
    for number in range(5):
        with open_write(path) as connection:
            connection.execute(rejected(f"{name}-{thread}-{number}"))
        with open_read(path) as connection:
            connection.execute("select count(*) from bronze.rejected_items").fetchone()

with ThreadPoolExecutor(2) as pool:
    list(pool.map(work, range(2)))
"""
    processes = [subprocess.Popen([sys.executable, "-c", script, str(warehouse), name], cwd=ROOT) for name in "ab"]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(set(reasons(warehouse))) == 2 * 2 * 5


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    place = r"painpoint\.duckdb\.locks: .*Not a directory.*another place for painpoint\.duckdb$"
    with pytest.raises(UserError, match=place), open_write(tmp_path / "file" / "painpoint.duckdb"):
        pass


def test_a_full_disk_lets_nobody_in_and_leaves_no_note(tmp_path, monkeypatch):
    def full(_handle: int, _text: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "w"
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        with pytest.raises(UserError, match=r"a lock there \(No space"), locking.shared(path, Deadline(1)):
            pass
    assert not list((tmp_path / "w.locks").glob("*.json"))
    with locking.exclusive(path, Deadline(1)):
        pass


def test_results_that_outlive_their_connection_do_not_keep_the_file_open(warehouse):
    with open_read(warehouse) as connection:
        relation = connection.sql("select 1")
        cursor = connection.cursor()
    with open_write(warehouse, lock_timeout_s=1) as connection:
        connection.execute(rejected("a row"))
    assert isinstance(relation, duckdb.DuckDBPyRelation)
    assert cursor is not None
