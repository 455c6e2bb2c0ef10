"""Metrics of the server for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Metrics of one server; a process may have several servers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "transferkit_requests",
            "Requests by path, method and status.",
            ["path", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "transferkit_request_seconds",
            "Seconds from the start of a request to the end of its response.",
            ["path"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.images = Counter(
            "transferkit_images",
            "Images by model and outcome: predicted or unreadable.",
            ["model", "outcome"],
            registry=self.registry,
        )
        self.batches = Histogram(
            "transferkit_batch_size",
            "Images per batch.",
            ["model"],
            buckets=BATCH_SIZES,
            registry=self.registry,
        )
        self.under_way = Gauge(
            "transferkit_images_under_way",
            "Images in progress: being decoded, waiting or being computed.",
            registry=self.registry,
        )

    def observe_batches(self, model: str) -> Callable[[int], None]:
        """Return a function that records the size of a batch of `model`."""
        return self.batches.labels(model).observe

    def observe_request(self, path: str, method: str, status: int, seconds: float) -> None:
        """Record a request; `path` is that of its route, not the one that the client sent."""
        method = method if method in METHODS else "other"
        self.requests.labels(path, method, str(status)).inc()
        self.seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
