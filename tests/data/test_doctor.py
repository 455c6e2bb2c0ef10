import pytest
from PIL import Image

from transferkit.config import DataConfig
from transferkit.data.doctor import look
from transferkit.errors import DataError


@pytest.fixture
def folder(drawn):
    """Two classes of four PNG images, one JPEG turned and named .png, and one file of nothing."""
    folder = drawn("images", ("cat", "dog"), 4, side=24)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (40, 30)).save(folder / "cat/turned.png", "JPEG", exif=exif)
    (folder / "dog/broken.jpg").write_bytes(b"")
    return folder


def lines(folder):
    return str(look(folder)).splitlines()


def test_it_begins_with_what_there_is(folder):
    assert lines(folder)[0] == (
        "<Manifest of 2 classes: 5 train, 2 validation, 2 test images; 1 left out>"
    )


def test_formats_and_modes_are_counted(folder):
    assert lines(folder)[1] == "Formats: PNG 8, JPEG 1; modes: RGB 8, L 1"


def test_sizes_are_from_the_smallest_to_the_largest(folder):
    assert lines(folder)[2].startswith("Sizes: 24x24 to 40x30 pixels, median 24x24; 0.0 MB")


def test_classes_are_counted_by_split(folder):
    text = [line.split() for line in lines(folder)]
    assert ["dog", "2", "1", "1"] in text


def test_it_ends_with_what_was_left_out(folder):
    assert lines(folder)[-1] == f"Left out: '{folder}/dog/broken.jpg' is empty (0 bytes)."


def test_notes_name_what_is_odd(folder):
    assert [line for line in lines(folder) if line.startswith("Note")] == [
        "Note: 1 of 10 files were left out; the list names each.",
        "Note: JPEG files named .png (1): 'cat/turned.png'.",
        "Note: Files turned by EXIF, which are put upright (1): 'cat/turned.png'.",
        "Note: Grey files among others in colour (1): 'cat/turned.png'.",
    ]


def test_there_is_a_row_a_file(folder):
    found = look(folder)
    assert found.files["path"].tolist() == found.manifest.frame["path"].tolist()


def test_the_settings_count(folder):
    assert len(look(folder, DataConfig(max_pixels=600)).manifest.quarantined) == 2


def test_a_strict_look_ends_at_a_broken_file(folder):
    with pytest.raises(DataError):
        look(folder, DataConfig(strict=True))


def test_a_page_of_it_escapes_names(drawn):
    folder = drawn("images", ("<b>", "dog"), 3)
    (folder / "<b>/<i>.png").write_bytes(b"")
    page = look(folder)._repr_html_()
    assert "<b>" not in page
    assert "<i>" not in page
