"""Settings of the server: address, batching, limits, and options of its page."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
from typing import Annotated

from transferkit.config.settings import MAX_PIXELS
from transferkit.config.validation import Between, check_settings
from transferkit.errors import ConfigError

TOKEN_VARIABLE = "TRANSFERKIT_TOKEN"
TOKEN = re.compile(r"[!-~]([ -~]*[!-~])?")  # printable ASCII
MEGABYTE = 10**6  # bytes


@dataclasses.dataclass(frozen=True)
class ServerConfig:
    """Address, batching, limits and page of a server."""

    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 is all network interfaces of this machine."""
    port: Annotated[int, Between(0, 65535)] = 8000
    """The port to listen on; 0 chooses a free one, which is printed."""
    token: str = ""
    """Secret that requests must send (Authorization: Bearer TOKEN). If not given, it is read from
    the environment variable TRANSFERKIT_TOKEN, which other users of the machine cannot see."""
    max_batch: Annotated[int, Between(0, 1024)] = 0
    """Most images in one batch; 0 lets the engine decide."""
    window_ms: Annotated[float, Between(0, 10_000)] = 2.0
    """Milliseconds that an image waits for others to fill a batch, while a part of the engine is
    busy. If the engine is idle, an image does not wait."""
    queue: Annotated[int, Between(1, 100_000)] = 256
    """Most images in progress at once; a request beyond that gets status 503."""
    max_image_mb: Annotated[float, Between(0.001, 2000)] = 20.0
    """Most megabytes of one image."""
    max_request_mb: Annotated[float, Between(0.001, 2000)] = 40.0
    """Most megabytes of one request."""
    max_pixels: Annotated[int, Between(1, 10_000_000_000)] = MAX_PIXELS
    """Most pixels of one image; the limit of the run also applies."""
    timeout: Annotated[float, Between(0.1, 3600)] = 30.0
    """Most seconds for a request to arrive, and again for its prediction."""
    abstain: Annotated[float, Between(0, 1)] = 0.5
    """A prediction with a lower probability is marked as unsure."""
    feedback: str = ""
    """A folder in which the page saves images that users mark as wrong. labels.csv there lists
    their true classes, to train on. If not given, no image is saved."""
    private: bool = False
    """Never show training images."""

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
    """Return whether the host `name` is a loopback address, which only this machine can reach."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
