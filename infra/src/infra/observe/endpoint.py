"""One scrape endpoint for every process without a port: workers, relay, exporter."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from fashion_kit.textfile import SUFFIX
from infra.observe.workers import WorkerMetrics

PATH = "/metrics"
POLL_SECONDS = 0.05
"""How long the server may take to notice that it should end."""


def workers_text(state: Path, textfiles: Path) -> str:
    """Return the figures of all of them in Prometheus' text format, as they stand now."""
    registry = CollectorRegistry()
    registry.register(WorkerMetrics(state))
    files = sorted(textfiles.glob(f"*{SUFFIX}"))
    return generate_latest(registry).decode() + "".join(file.read_text() for file in files)


@contextmanager
def scrape_endpoint(state: Path, textfiles: Path, *, host: str, port: int) -> Iterator[str]:
    """Serve them at the address that is yielded, for the time of the block; port 0 is any."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != PATH:
                self.send_error(404)
                return
            body = workers_text(state, textfiles).encode()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each scrape."""

    with ThreadingHTTPServer((host, port), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="metrics")
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}{PATH}"
        finally:
            server.shutdown()
            thread.join()
