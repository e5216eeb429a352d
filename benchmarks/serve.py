"""Requests per second of `lvmctl serve`, beside the same model in process, one call at a time.

    python benchmarks/serve.py                  # P8 /infer and P9 /rank, 768-D, base64
    python benchmarks/serve.py --encoding float --clients 64

Two runs with their published sizes are trained for a moment: what they learn does not matter here.
The generator is a process of its own: as many threads as clients, each with a connection that it
keeps, each sending its next request when the last is answered. Server, generator and the calls in
process have OMP_NUM_THREADS threads each, one by default. In process, a call is what the server
computes for a request: predict or rank, arrays in, arrays out.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import smoke

import lvmctl

CANDIDATES, BODIES = 50, 16
TINY = {"sequence": {"layers": 1, "width": 16, "heads": 2, "feedforward": 16}}


def base64_or_lists(vectors: np.ndarray, encoding: str) -> list:
    from lvmctl_serve.vectors import write

    return write(vectors, encoding)


def unit(*shape: int) -> np.ndarray:
    rows = np.random.default_rng(0).standard_normal(shape)
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    values = np.percentile(np.array(seconds) * 1e3, [50, 95, 99])
    return dict(zip(("p50_ms", "p95_ms", "p99_ms"), values.round(2).tolist()))


def in_process(call: Callable[[], object], calls: int) -> dict[str, float]:
    """Calls one after another."""
    for _ in range(min(10, calls)):
        call()
    seconds = []
    for _ in range(calls):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return {"per_s": len(seconds) / sum(seconds), **percentiles(seconds), "errors": 0}


def load(url: str, path: str, clients: int, requests: int, bodies: Path) -> None:
    """Send requests from ``clients`` threads, and print what came of them."""
    host, port = url.removeprefix("http://").split(":")
    sent = [line.encode() for line in bodies.read_text("utf-8").splitlines()]
    seconds: list[float] = []
    errors: list[str] = []
    left = iter(range(requests))
    turn = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection(host, int(port), timeout=120)
        while True:
            with turn:
                number = next(left, None)
            if number is None:
                return
            begin = time.perf_counter()
            try:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", path, sent[number % len(sent)], headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    errors.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                errors.append(repr(error))
                connection.close()
            seconds.append(time.perf_counter() - begin)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(seconds) / (time.perf_counter() - begin)
    print(json.dumps({"per_s": rate, **percentiles(seconds), "errors": len(errors)}))


def start(runs: list[str]) -> tuple[subprocess.Popen[str], str]:
    """A server of some runs, and its address."""
    command = [sys.executable, "-m", "lvmctl", "serve", *runs, "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    for line in server.stderr:
        if found := re.search(r"http://\S+", line):
            return server, found[0]
    raise SystemExit("the server did not start")


def measure(arguments: argparse.Namespace, work: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Figures of each request: in process, and by clients."""
    data = f"synth:topic?articles={arguments.articles}&chunks=24&dim={arguments.dim}"
    options = TINY if arguments.tiny else {}
    p8 = lvmctl.train("p8", data=data, out=work / "p8", epochs=1, **options)
    p9 = lvmctl.train("p9", data=data, out=work / "p9", epochs=1)
    contexts, pools = unit(BODIES, 5, arguments.dim), unit(BODIES, CANDIDATES, arguments.dim)
    encoding = arguments.encoding
    infer = [
        {"context_vectors": base64_or_lists(rows, encoding), "encoding_format": encoding}
        for rows in contexts
    ]
    rank = [
        {
            "model": "p9",
            "context_vectors": base64_or_lists(rows, encoding),
            "candidate_vectors": base64_or_lists(pool, encoding),
        }
        for rows, pool in zip(contexts, pools)
    ]
    predictor, ranker = p8.model(), p9.model()
    calls = max(5, arguments.requests // 50)
    table = {
        "/infer": {"in process": in_process(lambda: predictor.predict(contexts[0]), calls)},
        "/rank": {"in process": in_process(lambda: ranker.rank(contexts[0], pools[0]), calls)},
    }
    server, url = start([str(p8.path), str(p9.path)])
    try:
        for path, bodies in (("/infer", infer), ("/rank", rank)):
            file = work / "bodies"
            file.write_text("".join(json.dumps(body) + "\n" for body in bodies), "utf-8")
            for clients in arguments.clients:
                count = max(10, arguments.requests * clients // max(arguments.clients))
                words = ["--load", url, path, str(clients), str(count), str(file)]
                done = subprocess.run(
                    [sys.executable, __file__, *words], check=True, capture_output=True, text=True
                )
                table[path][f"{clients} clients"] = json.loads(done.stdout) | {"requests": count}
    finally:
        server.send_signal(signal.SIGTERM)
        if server.wait(60):
            raise SystemExit(f"the server ended with {server.returncode}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000, help="of the most clients")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--encoding", choices=["base64", "float"], default="base64")
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--articles", type=int, default=30)
    parser.add_argument("--tiny", action="store_true", help="a small P8")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--load", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args(smoke.arguments("serve"))
    if arguments.load:
        url, path, clients, requests, bodies = arguments.load
        load(url, path, int(clients), int(requests), Path(bodies))
        return
    with tempfile.TemporaryDirectory() as work:
        table = measure(arguments, Path(work))
    if arguments.json:
        print(json.dumps({"schema": "lvmctl.benchmark.serve/1", "requests": table}, indent=2))
        return
    print(f"{'':18}  requests  per s  p50 ms  p95 ms  p99 ms  errors")
    for path, rows in table.items():
        for name, row in rows.items():
            cells = f"{row.get('requests', ''):>8}  {row['per_s']:5.0f}  {row['p50_ms']:6.1f}"
            print(
                f"{path:7}{name:11}  {cells}  {row['p95_ms']:6.1f}  {row['p99_ms']:6.1f}  "
                f"{row['errors']:6}"
            )
        last, base = list(rows.values())[-1], rows["in process"]["per_s"]
        print(
            f"{path}: {last['per_s'] / base:.1f} × in process, p99 is "
            f"{last['p99_ms'] / last['p50_ms']:.1f} × p50, {last['errors']} errors"
        )


if __name__ == "__main__":
    main()
