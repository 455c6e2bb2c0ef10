"""`/v1/predict`: the forms of a request, the answer, and what is refused."""

import base64
import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from transferkit.data.decoding.in_memory import as_bytes

NAMES = ("circles", "squares", "stripes")


def rows(answer):
    assert answer.status_code == 200, answer.text
    return [[row["probabilities"][name] for name in NAMES] for row in answer.json()["predictions"]]


def encoded(image, kind, **options):
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def odd_images():
    """Contents of files that are decoded wrongly by who is not careful."""
    generator = np.random.default_rng(3)
    pixels = generator.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    turned = Image.Exif()
    turned[0x0112] = 6
    transparent = picture.copy()
    transparent.putalpha(Image.fromarray(pixels[..., 0]))
    deep = Image.fromarray(generator.integers(0, 2**16, (40, 60), dtype=np.uint16))
    return {
        "exif": encoded(picture, "JPEG", exif=turned),
        "grey": encoded(picture.convert("L"), "PNG"),
        "rgba": encoded(transparent, "PNG"),
        "palette": encoded(picture.quantize(16), "GIF"),
        "16 bit": encoded(deep, "PNG"),
        "cmyk": encoded(picture.convert("CMYK"), "JPEG"),
        "webp": encoded(picture, "WEBP"),
        "tiff": encoded(picture, "TIFF"),
        "large jpeg": encoded(picture.resize((900, 700)), "JPEG"),
    }


@pytest.mark.parametrize("name", odd_images())
def test_an_odd_file_gets_the_answer_of_the_network(client, network, name):
    content = odd_images()[name]
    expected = network.probabilities([content])
    assert rows(client.post("/v1/predict", files={"file": content})) == pytest.approx(
        expected, abs=1e-5
    )


def test_one_file(client, files):
    answer = client.post("/v1/predict", files={"file": ("003.png", files[0].read_bytes())}).json()
    (row,) = answer["predictions"]
    assert (answer["model"], answer["version"], row["name"]) == ("shapes", 1, "003.png")
    assert row["probability"] == max(row["probabilities"].values())
    assert row["probabilities"][row["class"]] == row["probability"]
    assert row["problem"] == ""


def test_many_files_are_answered_in_order(client, network, files):
    sent = [("files", (f"{number}.png", file.read_bytes())) for number, file in enumerate(files)]
    answer = client.post("/v1/predict/shapes", files=sent)
    assert [row["name"] for row in answer.json()["predictions"]] == ["0.png", "1.png", "2.png"]
    assert rows(answer) == pytest.approx(network.probabilities(list(map(str, files))), abs=1e-5)


def test_base64_in_json(client, network, files):
    text = [base64.b64encode(file.read_bytes()).decode() for file in files]
    images = [text[0], {"b64": text[1], "name": "mine"}, f"data:image/png;base64,{text[2]}"]
    answer = client.post("/v1/predict", json={"images": images})
    names = [row["name"] for row in answer.json()["predictions"]]
    assert names == ["image 0", "mine", "image 2"]
    assert rows(answer) == pytest.approx(network.probabilities(list(map(str, files))), abs=1e-5)


def test_the_bytes_of_a_file_as_they_are(client, network, files):
    content = files[1].read_bytes()
    answer = client.post("/v1/predict", content=content, headers={"Content-Type": "image/png"})
    assert rows(answer) == pytest.approx(network.probabilities([content]), abs=1e-5)


def test_a_low_probability_is_marked(clients, files):
    unsure = [
        clients(abstain=threshold)
        .post("/v1/predict", files={"file": files[0].read_bytes()})
        .json()["predictions"][0]["unsure"]
        for threshold in (0.0, 1.0)
    ]
    assert unsure == [False, True]


def test_an_unreadable_image_does_not_end_the_others(client, files):
    sent = [("files", ("a.png", b"GIF89a")), ("files", ("b.png", files[0].read_bytes()))]
    broken, good = client.post("/v1/predict", files=sent).json()["predictions"]
    assert broken["problem"].startswith("is GIF with a damaged or unusual header")
    assert (broken["class"], broken["probabilities"]) == (None, None)
    assert (good["problem"], good["class"] in NAMES) == ("", True)


def test_unreadable_images_alone_are_an_error(client):
    answer = client.post("/v1/predict", files={"file": ("a.png", b"")})
    assert answer.status_code == 422
    assert answer.json()["error"] == "No image can be read: 'a.png' is empty (0 bytes)."


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        ({"json": {"images": []}}, 400, "There is no image in the request: "),
        ({"json": {"images": "x"}}, 400, 'The JSON has no list "images" of texts in base64.'),
        ({"json": {"images": ["%"]}}, 400, "Image 0 is no text in base64: "),
        ({"json": {"images": [7]}}, 400, "Image 0 is no text in base64."),
        ({"json": [1]}, 400, "The body should be a JSON object."),
        ({"data": {"a": "b"}}, 415, "The Content-Type is 'application/x-www-form-urlencoded': "),
        (
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            400,
            "The body is no JSON: ",
        ),
        (
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
            400,
            "The multipart body has no boundary in its Content-Type.",
        ),
        (
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=a"}},
            400,
            "The multipart body cannot be read: ",
        ),
        (
            {"content": b"x", "headers": {"Content-Encoding": "gzip"}},
            415,
            "The body is compressed: send it as it is, without Content-Encoding.",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_image_is_refused_in_a_sentence(client, sent, status, error):
    answer = client.post("/v1/predict", **sent)
    assert (answer.status_code, answer.json()["error"].startswith(error)) == (status, True)


def test_a_model_that_is_not_there(client, files):
    answer = client.post("/v1/predict/flowers", files={"file": files[0].read_bytes()})
    assert answer.status_code == 404
    assert "there are shapes" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/v2", "/v1/predict"])
def test_an_unknown_address_or_method_is_an_error_in_json(client, path):
    assert list(client.put(path).json()) == ["error"]


def test_a_large_image_is_refused(clients):
    client = clients(max_image_mb=0.001)
    answer = client.post("/v1/predict", files={"file": ("a.png", bytes(2000))})
    assert answer.status_code == 413
    assert answer.json()["error"] == "'a.png' has 2,000 bytes, more than the 1,000 of this server."


def test_a_large_request_is_refused(clients):
    client = clients(max_request_mb=0.001)
    answer = client.post("/v1/predict", files={"file": ("a.png", bytes(2000))})
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert "larger than 0.001 MB" in answer.json()["error"]


def test_more_images_than_the_queue_holds_are_refused(clients, files):
    client = clients(queue=2)
    sent = [("files", file.read_bytes()) for file in files]
    answer = client.post("/v1/predict", files=sent)
    assert answer.status_code == 413
    assert answer.json()["error"] == "The request has 3 images: send at most 2 in one."


def test_a_full_queue_is_503_with_the_time_to_try_again(clients, files):
    client = clients(queue=2)
    service = client.app.user_middleware[0].kwargs["service"]
    with service.images.lease(2):
        answer = client.post("/v1/predict", files={"file": files[0].read_bytes()})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert client.post("/v1/predict", files={"file": files[0].read_bytes()}).status_code == 200


def test_too_many_pixels_are_not_unpacked(registry, run):
    from transferkit.server.served_model import ServedModel
    from transferkit.server.settings import ServerConfig

    model = ServedModel.load("small", run, 1, ServerConfig(max_pixels=1000))
    with pytest.raises(Exception, match="would unpack to 1600 pixels"):
        model.decode(as_bytes(np.zeros((40, 40, 3), np.uint8), "image"))


def test_names_come_back_as_they_were_and_are_no_paths(client, files):
    name = "../../<script>.png"
    answer = client.post("/v1/predict", files={"file": (name, files[0].read_bytes())})
    assert answer.json()["predictions"][0]["name"] == name


@pytest.mark.parametrize("status", [200, 422])
def test_half_a_character_in_a_name_is_answered(client, files, status):
    content = files[0].read_bytes() if status == 200 else b"x"
    image = {"name": "\ud800", "b64": base64.b64encode(content).decode()}
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"images": [image]})
    answer = client.post("/v1/predict", content=body, headers=headers)
    assert (answer.status_code, answer.json()["predictions"][0]["name"]) == (status, "?")


def test_every_answer_keeps_pages_closed(client):
    headers = client.get("/health").headers
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_metrics_count_requests_images_and_batches(client, files):
    sent = [("files", ("a", b"x")), ("files", ("b", files[0].read_bytes()))]
    client.post("/v1/predict", files=sent)
    lines = client.get("/metrics").text.splitlines()
    assert 'transferkit_images_total{model="shapes",outcome="predicted"} 1.0' in lines
    assert 'transferkit_images_total{model="shapes",outcome="unreadable"} 1.0' in lines
    path = 'method="POST",path="/v1/predict",status="200"'
    assert f"transferkit_requests_total{{{path}}} 1.0" in lines


def test_the_description_and_its_page_need_no_network(client):
    description = client.get("/openapi.json").json()
    assert "/v1/models/{name}:predict" in description["paths"]
    page = client.get("/docs").text
    assert "/v1/predict/{name}" in page
    assert "https://" not in page
    assert json.dumps(description).count("cdn") == 0


def test_an_error_of_the_server_is_json_too(client, registry, files, monkeypatch):
    def fail(images):
        raise MemoryError("of the engine")

    monkeypatch.setattr(registry.find().batcher, "compute", fail)
    url = str(client.base_url)
    patient = type(client)(client.app, base_url=url, raise_server_exceptions=False)
    answer = patient.post("/v1/predict", files={"files": files[0].read_bytes()})
    assert (answer.status_code, list(answer.json())) == (500, ["error"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'status="500"} 1.0' in client.get("/metrics").text
