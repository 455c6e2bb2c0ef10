"""`transferkit cache`: list or clear the cache."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from transferkit.cli.arguments import parse_arguments
from transferkit.data.quality.scan_cache import cached_sources, evict
from transferkit.errors import RunError
from transferkit.features.cache.listing import CachedTable, clear, list_tables, size_of_networks
from transferkit.runtime.progress import show
from transferkit.storage.disk_cache import NETWORKS, features_folder


@dataclasses.dataclass(frozen=True)
class CacheOptions:
    """List the cached features of backbones and HOG, one line per table.

    With it, what is known of files, and networks in int8.
    """

    clear: bool = False
    """Remove everything; it is computed again when needed."""


def cache(arguments: Sequence[str]) -> None:
    """`transferkit cache`: print the cached tables; with --clear, remove them.

    Raises:
        RunError: it cannot be removed.
    """
    options = parse_arguments(CacheOptions, arguments, program="transferkit cache")
    root = features_folder()
    tables = list_tables(root)
    # Not so many images: most are in several tables.
    rows = f"{sum(table.images for table in tables):,} rows"
    size = sum(table.size for table in tables)
    sources = cached_sources()
    remembered = sum(source.size for source in sources)
    networks = size_of_networks(root)
    if options.clear:
        try:
            clear(root)
            evict()
        except OSError as error:
            raise RunError(
                f"{str(root)!r} cannot be emptied: {error.strerror or error}; "
                "wait for other runs to end, or remove the folder."
            ) from error
        freed = (size + networks + remembered) / 1e6
        also = " and the networks in int8" if networks else ""
        print(f"Removed {rows} of features{also}: {freed:,.1f} MB are free again.")
        return
    if tables:
        print(
            f"{'extractor':<20}{'px':>5}  {'contents':<24}{'images':>10}{'MB':>10}  "
            f"{'last used':<18}folder"
        )
    for table in tables:
        show(_line(table))
    print(f"{rows} of features, {size / 1e6:,.1f} MB in {str(root)!r}.")
    if networks:
        print(f"Networks in int8: {networks / 1e6:,.1f} MB in {str(root / NETWORKS)!r}.")
    if sources:
        print(f"File information: {remembered / 1e6:,.1f} MB in {str(sources[0].path.parent)!r}.")


def _line(table: CachedTable) -> str:
    extractor = table.about.get("backbone") or table.about.get("features", "unknown")
    image_size = table.about.get("image_size", "")
    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(table.used))
    return (
        f"{extractor!s:<20}{image_size!s:>5}  {_contents(table.about):<24}{table.images:>10,}"
        f"{table.size / 1e6:>10,.1f}  {used:<18}{table.folder.name}"
    )


def _contents(about: dict[str, Any]) -> str:
    """Return the contents of a table: features or inputs of a layer, of images or of views."""
    contents = f"input of {about['layer']}" if "layer" in about else "features"
    view = about.get("view")
    return f"{contents}, view {view.get('number')}" if isinstance(view, dict) else contents
