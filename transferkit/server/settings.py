"""Settings of the server: address, batches, limits and what its page may do."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
from typing import Annotated

from transferkit.config.validation import Between, check_settings
from transferkit.errors import ConfigError

TOKEN_VARIABLE = "TRANSFERKIT_TOKEN"
TOKEN = re.compile(r"[!-~]([ -~]*[!-~])?")  # printable ASCII
MEGABYTE = 10**6  # bytes


@dataclasses.dataclass(frozen=True)
class ServerConfig:
    """How a server listens, batches images, and bounds what it is sent."""

    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 is every network of this machine."""
    port: Annotated[int, Between(0, 65535)] = 8000
    """The port to listen on; 0 is a free one, which is printed."""
    token: str = ""
    """Secret that requests have to bring (Authorization: Bearer TOKEN); if not given, that of the
    environment variable TRANSFERKIT_TOKEN, which other users of the machine cannot see."""
    max_batch: Annotated[int, Between(0, 1024)] = 0
    """Images that are computed together at most; 0 is what suits the engine."""
    window_ms: Annotated[float, Between(0, 10_000)] = 2.0
    """Milliseconds that an image waits for others while the engine is busy; it never waits for them
    otherwise."""
    queue: Annotated[int, Between(1, 100_000)] = 256
    """Images that may be under way at once; a request beyond that gets status 503."""
    max_image_mb: Annotated[float, Between(0.001, 2000)] = 20.0
    """Megabytes of one image at most."""
    max_request_mb: Annotated[float, Between(0.001, 2000)] = 40.0
    """Megabytes of one request at most."""
    max_pixels: Annotated[int, Between(1, 10_000_000_000)] = 50_000_000
    """Pixels of one image at most; the limit of the run holds too."""
    timeout: Annotated[float, Between(0.1, 3600)] = 30.0
    """Seconds in which a request has to arrive, and again in which it has to be answered."""
    abstain: Annotated[float, Between(0, 1)] = 0.5
    """A prediction with a lower probability is marked as unsure."""
    feedback: str = ""
    """A folder in which the page saves images that were predicted wrongly, with a list of their
    true classes, labels.csv, to train on; if not given, none are saved."""
    private: bool = False
    """Show no training images beside a prediction."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.secret and not TOKEN.fullmatch(self.secret):
            raise ConfigError(
                f"The token of --token or {TOKEN_VARIABLE} cannot be sent in a header: it should "
                "be letters, digits and marks of ASCII, with no line end and no space at either "
                "end."
            )

    @property
    def secret(self) -> str:
        """The token of the flag, or else of the environment; empty without one."""
        return self.token or os.environ.get(TOKEN_VARIABLE, "")

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can connect."""
        return is_loopback(self.host)

    @property
    def image_bytes(self) -> int:
        """The bound on one image, in bytes."""
        return int(self.max_image_mb * MEGABYTE)

    @property
    def request_bytes(self) -> int:
        """The bound on one request, in bytes."""
        return int(self.max_request_mb * MEGABYTE)


def is_loopback(name: str) -> bool:
    """Whether the host `name` is this machine, as only itself can reach it."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
