"""Image-classification sets of tensorflow-datasets, fetched once and then read as image folders.

    tfds:NAME   tfds:NAME/CONFIG   tfds:NAME:VERSION

stand wherever a folder does; https://www.tensorflow.org/datasets/catalog/overview lists them.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from contextlib import redirect_stdout
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from transferkit.data.sources.tfds.export import METADATA_FILE, image_and_label, write_set
from transferkit.data.sources.tfds.metadata import TFDS_PREFIX
from transferkit.errors import ConfigError, DataError, unknown_name
from transferkit.runtime.progress import log
from transferkit.storage.disk_cache import cache_folder

OVERVIEW = "https://www.tensorflow.org/datasets/catalog/overview#image_classification"
KIND = "catalogue data set"
VERSION = re.compile(r"\d+\.\d+\.\d+")
NAME = re.compile(rf"(?P<set>[A-Za-z]\w*(/[\w.+-]+)?)(:(?P<version>{VERSION.pattern}))?")


def tfds_folder(name: str) -> Path:
    """Return the image folder of the catalogue data set `name`, fetched the first time.

    It is cached as `catalogue/NAME[/CONFIG]/VERSION` in the cache folder, which TRANSFERKIT_CACHE
    moves. Without a version in `name`, the newest one in the cache is taken.

    Raises:
        ConfigError: no data set is called so.
        DataError: it has no images with one label each, or is not available.
    """
    name = name.removeprefix(TFDS_PREFIX)
    cache = cache_folder("catalogue")
    cached = _cached(cache, name)
    if cached is not None:
        return cached
    builder = _builder(name, None)
    folder = cache / builder.info.full_name
    if not (folder / METADATA_FILE).is_file():
        try:
            fetch(name, folder)
        except DataError:
            if not (folder / METADATA_FILE).is_file():  # another process may have been first
                raise
    return folder


def fetch(
    name: str,
    folder: str | Path,
    *,
    data_dir: str | Path | None = None,
    limit: int | None = None,
) -> Path:
    """Write the catalogue data set `name` as `folder/SPLIT/CLASS/NNNNNN.jpg` (or .png ...).

    The files hold the bytes that the catalogue has, not encoded anew; `folder/catalogue.json`
    has their source and licence.

    Args:
        name: `NAME[/CONFIG][:VERSION]`, with or without `tfds:` before it.
        folder: one that does not exist yet, or is empty.
        data_dir: where tensorflow-datasets keeps its own files; by default TFDS_DATA_DIR, else
            ~/tensorflow_datasets.
        limit: images of each split at most.

    Returns:
        `folder`.

    Raises:
        ConfigError: no data set is called so, or `limit` is less than 1.
        DataError: it has no images with one label each, or is not available, or `folder` is taken.
    """
    name, folder = name.removeprefix(TFDS_PREFIX), Path(folder)
    if limit is not None and limit < 1:
        raise ConfigError(f"The limit is {limit} images of each split: it should be 1 or more.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            f"{str(folder)!r} holds something already, and nothing is overwritten: "
            "choose a folder that does not exist yet."
        )
    builder = _builder(name, data_dir)
    keys = image_and_label(builder.info)
    if keys is None:
        raise DataError(
            f"The {KIND} {name!r} is not one of images with one class label each: "
            f"choose one from {OVERVIEW}."
        )
    _prepare(builder, name)
    return write_set(builder, folder, keys=keys, limit=limit)


def _cached(cache: Path, name: str) -> Path | None:
    """Return the folder of `name` in the cache, if any, without importing tensorflow-datasets."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    versions = [
        path.parent
        for path in (cache / match["set"]).glob(f"*/{METADATA_FILE}")
        if VERSION.fullmatch(path.parent.name) and match["version"] in (None, path.parent.name)
    ]
    return max(versions, key=lambda path: tuple(map(int, path.name.split("."))), default=None)


def _builder(name: str, data_dir: str | Path | None) -> Any:
    """Return the `tfds.core.DatasetBuilder` of `name`; neither network nor data is touched."""
    import tensorflow_datasets as tfds

    if NAME.fullmatch(name) is None:
        raise _unknown(name)
    root = data_dir or os.environ.get("TFDS_DATA_DIR")
    try:
        return tfds.builder(name, data_dir=root, try_gcs=False)
    except tfds.core.DatasetNotFoundError as error:
        raise _unknown(name) from error
    except ImportError as error:
        raise _missing_package(name, error) from error
    except (ValueError, AssertionError) as error:  # unknown configuration or version
        base, _, configuration = name.partition(":")[0].partition("/")
        known = tfds.builder_cls(base).builder_configs
        if configuration not in ("", *known):
            raise unknown_name(f"configuration of {base!r}", configuration, known) from error
        raise DataError(f"The {KIND} {name!r} cannot be opened: {_first_line(error)}") from error


def _unknown(name: str) -> ConfigError:
    import tensorflow_datasets as tfds

    base = re.split("[/:]", name)[0]
    # Only the nearest: the whole catalogue is no sentence.
    near = get_close_matches(base, tfds.list_builders(with_community_datasets=False), n=1)
    if near:
        return unknown_name(KIND, base, near)
    return ConfigError(f"No {KIND} is called {base!r}: {OVERVIEW} lists them.")


def _prepare(builder: Any, name: str) -> None:
    """Let tensorflow-datasets download and unpack the set, unless it is there already."""
    if builder.is_prepared():
        return
    import tensorflow_datasets as tfds

    host = _host_without_address(builder)
    if host:
        raise _not_to_be_had(builder, name, f"no address is known for {host}")
    log(f"Fetching {builder.info.full_name} into {builder.data_dir}")
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    failures = (
        OSError,  # requests' errors are among them
        tfds.download.DownloadError,
        tfds.download.download_manager.NonMatchingChecksumError,
        tfds.download.extractor.ExtractError,
    )
    try:
        with redirect_stdout(sys.stderr):  # standard output is for results
            builder.download_and_prepare(download_config=config)
    except ImportError as error:
        raise _missing_package(name, error) from error
    except failures as error:
        raise _not_to_be_had(builder, name, _first_line(error)) from error
    except AssertionError as error:
        if not builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
            raise
        manual = _root(builder) / "downloads" / "manual"
        wanted = " ".join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
        raise DataError(
            f"The files of the {KIND} {name!r} have to be put into {str(manual)!r} by hand: "
            f"{wanted}"
        ) from error


def _host_without_address(builder: Any) -> str | None:
    """Return a host of the set that has no address here, as when there is no network.

    tensorflow-datasets would try for minutes. Behind a proxy, names are the proxy's business.
    """
    if getproxies():
        return None
    urls = builder.url_infos or ()  # a set without a list of checksums has none
    for host in sorted({urlsplit(url).hostname or "" for url in urls} - {""}):
        try:
            socket.getaddrinfo(host, None)
        except OSError:
            return host
    return None


def _not_to_be_had(builder: Any, name: str, why: str) -> DataError:
    root = str(_root(builder))
    prepare = f"tfds.builder({name!r}).download_and_prepare()"
    command = f'python -c "import tensorflow_datasets as tfds; {prepare}"'
    return DataError(
        f"The {KIND} {name!r} is not in {root!r} and cannot be downloaded ({why}): go online, or "
        f"run `{command}` on a machine that is, copy its ~/tensorflow_datasets here and set "
        "TFDS_DATA_DIR to the copy."
    )


def _root(builder: Any) -> Path:
    """Return the folder in which tensorflow-datasets keeps NAME[/CONFIG]/VERSION."""
    return Path(builder.data_dir).parents[builder.info.full_name.count("/")]


def _missing_package(name: str, error: ImportError) -> DataError:
    package = error.name or _first_line(error)
    return DataError(
        f"The {KIND} {name!r} needs the package {package!r}, which is not installed: install it "
        "and run this again."
    )


def _first_line(error: Exception) -> str:
    """Return the first line of `error`, without the prefix that tensorflow-datasets adds."""
    message = str(error).rpartition('}": ')[2].strip()
    return (message.splitlines() or [type(error).__name__])[0]
