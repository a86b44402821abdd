"""List endpoints against a plain ModelViewSet with the stock renderer: same process, same rows, one run.

    bin/bench api [--size smallest|middle|largest] [--seconds 3]

Prints requests per second of both, in turns, their ratio at three sizes of the table, and how the time of one answer
grows with the table. With --strict, exit code 1 where a ratio is below 2.5: a busy machine is no reason to refuse a
change.
"""

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

SIZES = {"smallest": 1_000, "middle": 10_000, "largest": 100_000}
FLOOR = 2.5
PORT = 8971
OURS, PLAIN = "/api/v1/parishes/?limit={limit}", "/plain/parishes/?limit={limit}"
LIMITS = (50, 1000)
ROUNDS = 5
CONNECTIONS = 4
OK = 200


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench api", description=__doc__)
    parser.add_argument("--size", choices=SIZES, help="only this one (default: all three)")
    parser.add_argument("--strict", action="store_true", help="fail below the floor")
    parser.add_argument("--seconds", type=float, default=2.0, help="per measurement")
    options = parser.parse_args(argv)
    django.setup()
    call_command("load_territory", verbosity=0)
    sizes = [SIZES[options.size]] if options.size else list(SIZES.values())
    worst, times = float("inf"), []
    for rows in sizes:
        fill(rows)
        for limit in LIMITS:
            ours, plain = measure(limit, options.seconds)
            worst = min(worst, ours / plain)
            if limit == LIMITS[0]:
                times.append((rows, 1 / ours, 1 / plain))
            ratio = f"ours {ours:8.1f}/s  plain {plain:8.1f}/s  ratio {ours / plain:5.2f}"
            print(f"{rows:>7} rows, {limit:>4} a page: {ratio}", flush=True)
    if len(times) > 1:
        first, last = times[0], times[-1]
        print(
            f"one answer of 50 from {first[0]} to {last[0]} rows: "
            f"ours x {last[1] / first[1]:.2f}, plain x {last[2] / first[2]:.2f}"
        )
    print(f"lowest ratio {worst:.2f}, floor {FLOOR}")
    return int(options.strict and worst < FLOOR)


def fill(rows: int) -> None:
    """Bring the table to so many rows, with codes that no parish has."""
    from refamp.territory.models import Municipality, Parish  # noqa: PLC0415 - models exist only after django.setup()

    here, have = Municipality.objects.order_by("id").first(), Parish.objects.filter(valid_to__isnull=True).count()
    Parish.objects.bulk_create(
        (
            Parish(code=f"x{number:05x}", name=f"Freguesia de medida n.º {number}", municipality=here)
            for number in range(have, rows)
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        # As autovacuum would in a minute: the planner must know of the new rows.
        cursor.execute("VACUUM ANALYZE territory_parish")


def measure(limit: int, seconds: float) -> tuple[float, float]:
    """Requests per second of ours and of the plain one: medians of rounds in turns on one freshly started process."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "benches._api_doors:application",
        "--workers",
        "1",
        "--threads",
        str(CONNECTIONS),
    ]
    command += ["--bind", f"127.0.0.1:{PORT}", "--log-level", "error", "--no-control-socket"]
    environ = os.environ | {"API_RATE_ANONYMOUS": "1000000000/min", "LOG_LEVEL": "ERROR", "DEBUG": ""}
    server = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[1], env=environ)
    try:
        wait_for(server)
        found: dict[str, list[float]] = {OURS: [], PLAIN: []}
        for address in found:
            rate(address.format(limit=limit), 0.5)
        for _round in range(ROUNDS):
            for address, rates in found.items():
                rates.append(rate(address.format(limit=limit), seconds / ROUNDS))
        return statistics.median(found[OURS]), statistics.median(found[PLAIN])
    finally:
        server.terminate()
        server.wait()


def wait_for(server: subprocess.Popen[bytes]) -> None:
    for _attempt in range(150):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            if server.poll() is not None:
                raise
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("the server did not start")


def rate(address: str, seconds: float) -> float:
    """Requests per second over a few kept connections: enough that the process, not the waiting, is measured."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        start = time.perf_counter()
        done = sum(pool.map(lambda _n: ask(address, start + seconds), range(CONNECTIONS)))
        return done / (time.perf_counter() - start)


def ask(address: str, until: float) -> int:
    """Ask again and again over one connection; how often."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    done = 0
    while time.perf_counter() < until or not done:
        connection.request("GET", address)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != OK:
            raise RuntimeError(f"{answer.status} {address}: {body[:300]!r}")
        done += 1
    connection.close()
    return done
