"""Sample of 1,797 handwritten digits, which come with scikit-learn, as an image folder.

The pictures are from the test set of the UCI data set "Optical Recognition of Handwritten Digits"
(E. Alpaydin and C. Kaynak, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from transferkit.errors import ConfigError, DataError
from transferkit.storage.files import new_folder

IMAGE_SIZE = 32  # pixels: four times the original's, enough for smooth edges
MAX_VALUE = 16  # of the digits' own scale


def write_digits(folder: str | Path, images: int | None = None) -> Path:
    """Write the digits as `folder/CLASS/NNNN.png`, 32 × 32 px grey; `images` of them, or all.

    NNNN is the picture's row in `sklearn.datasets.load_digits`. A folder that holds the very same
    sample already is left as it is.

    Returns:
        The folder.

    Raises:
        ConfigError: there are not so many images.
        DataError: the folder holds something else, or cannot be written.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    count = len(digits.images) if images is None else images
    if not 1 <= count <= len(digits.images):
        raise ConfigError(
            f"The sample has {len(digits.images)} images and {images} were asked for: "
            f"ask for 1 to {len(digits.images)}."
        )
    labels = digits.target[:count]
    pictures = {
        f"{label}/{row:04}.png": _enlarged(digits.images[row]) for row, label in enumerate(labels)
    }
    return write_sample(folder, pictures, name=f"{count} digits")


def write_sample(folder: str | Path, pictures: dict[str, Image.Image], *, name: str) -> Path:
    """Write `pictures`, by their paths below `folder`, all or none; `name` is for the error.

    A folder that holds just these already is left as it is.

    Returns:
        The folder.

    Raises:
        DataError: the folder holds something else, or cannot be written.
    """
    folder = Path(folder)
    if _is_free(folder):
        with new_folder(folder) as temporary:
            for path, picture in pictures.items():
                (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                picture.save(temporary / path)
    elif not _holds(folder, pictures):
        raise DataError(
            f"{str(folder)!r} holds something other than the sample of {name}, "
            "and nothing is overwritten: choose a folder that does not exist yet."
        )
    return folder


def _enlarged(digit: np.ndarray) -> Image.Image:
    """Return `(8, 8)` values of 0..16 as a grey picture; bicubic, for smooth strokes."""
    grey = Image.fromarray(np.rint(digit * (255 / MAX_VALUE)).astype(np.uint8))
    return grey.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)


def _is_free(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _holds(folder: Path, pictures: dict[str, Image.Image]) -> bool:
    """Whether exactly these pictures are in `folder`, beside hidden files such as .DS_Store."""
    names = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    return names == set(pictures) and all(
        _is_picture(folder / name, picture) for name, picture in pictures.items()
    )


def _is_picture(path: Path, picture: Image.Image) -> bool:
    try:
        with Image.open(path) as image:
            return image.size == picture.size and image.tobytes() == picture.tobytes()
    except (OSError, SyntaxError):  # Pillow raises SyntaxError for a broken PNG
        return False
