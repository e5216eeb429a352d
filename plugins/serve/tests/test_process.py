"""The command itself, in a process of its own: killed, started again, and ended in order."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import forked
import numpy as np
import pytest
from click.testing import CliRunner
from lvmctl_serve.command import serve


def start(cli_env, *words: object) -> tuple[subprocess.Popen[str], int]:
    """``lvmctl serve …``, and its port once it listens."""
    command = [forked.python(), "-m", "lvmctl", "serve", *map(str, words)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=cli_env)
    for line in process.stderr:
        if match := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return process, int(match[1])
    raise AssertionError(f"it ended with {process.wait()}")


def ask(port: int, body: dict) -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/infer", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200
    return json.loads(answer.read())


def begin(port: int, content: bytes) -> socket.socket:
    """A request of which half the body is sent."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    head = (
        "POST /infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    connection.sendall(head.encode() + content[: len(content) // 2])
    return connection


def received(connection: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def content_hash(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_two_runs_are_served_through_a_kill_and_end_after_the_requests_under_way(
    runs, served, contexts, cli_env
):
    before = content_hash(runs[0].path)
    paths = [run.path for run in runs]
    process, port = start(cli_env, *paths, "--port", 0)
    body = {"context_vectors": contexts[0].tolist()}
    content = json.dumps(body).encode()

    slow = begin(port, content)
    for each in served:  # a slow client blocks nobody
        vector = ask(port, body | {"model": each.name})["predicted_vector"]
        assert np.allclose(vector, each.model.predict(contexts[0]), atol=1e-6)
    process.kill()
    assert received(slow) == b""
    assert process.wait(30) == -signal.SIGKILL
    assert content_hash(runs[0].path) == before

    process, port = start(cli_env, *paths, "--port", port)
    under_way = begin(port, content)
    assert ask(port, body)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    under_way.sendall(content[len(content) // 2 :])
    answer = received(under_way)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"predicted_vector" in answer
    assert process.wait(30) == 0
    assert process.stderr.read() == ""


def test_a_port_that_is_taken_is_said_before_anything_is_loaded(run_cli, runs):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_cli("serve", runs[0].path, "--port", port)
    assert done.returncode == 6
    what = r"cannot listen \(Address already in use\); choose another --port or --host"
    assert re.fullmatch(rf"error: 127.0.0.1:{port}: {what}\n", done.stderr)


def test_how_far_confidence_is_off_is_printed(runs):
    done = CliRunner().invoke(serve, [*(str(run.path) for run in runs), "--check-confidence"])
    assert done.exit_code == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["plain", "centred"]
