"""TensorFlow Serving's REST API, as its documentation has it."""

import base64
import json

import numpy as np
import pytest

PREDICT = "/v1/models/shapes:predict"


def encoded(file):
    return {"b64": base64.b64encode(file.read_bytes()).decode()}


@pytest.fixture
def expected(network, files):
    return network.probabilities(list(map(str, files)))


def test_instances_in_base64(client, files, expected):
    answer = client.post(PREDICT, json={"instances": [encoded(file) for file in files]})
    assert list(answer.json()) == ["predictions"]
    assert answer.json()["predictions"] == pytest.approx(expected, abs=1e-6)


def test_a_body_without_its_content_type_is_read_as_curl_sends_it(client, files, expected):
    body = json.dumps({"signature_name": "serving_default", "instances": [encoded(files[0])]})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post(PREDICT, content=body, headers=headers)
    assert answer.json()["predictions"][0] == pytest.approx(expected[0], abs=1e-6)


def test_named_instances(client, files, expected):
    answer = client.post(PREDICT, json={"instances": [{"images": encoded(files[1])}]})
    assert answer.json()["predictions"][0] == pytest.approx(expected[1], abs=1e-6)


@pytest.mark.parametrize("named", [True, False])
def test_columns(client, files, expected, named):
    column = [encoded(file) for file in files]
    answer = client.post(PREDICT, json={"inputs": {"images": column} if named else column})
    assert list(answer.json()) == ["outputs"]
    assert answer.json()["outputs"] == pytest.approx(expected, abs=1e-6)


def test_nested_lists_of_the_size_of_the_network_are_its_pixels(client, network):
    pixels = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    answer = client.post(PREDICT, json={"instances": pixels.tolist()})
    assert answer.json()["predictions"] == pytest.approx(network.predict_arrays(pixels), abs=1e-6)


def test_nested_lists_of_another_size_are_resized_as_files_are(client, network):
    pixels = np.random.default_rng(1).integers(0, 256, (50, 40, 3), dtype=np.uint8)
    answer = client.post(PREDICT, json={"instances": [pixels.astype(float).tolist()]})
    assert answer.json()["predictions"] == pytest.approx(network.probabilities([pixels]), abs=1e-6)


@pytest.mark.parametrize(
    ("request_body", "error"),
    [
        ({}, "Missing 'inputs' or 'instances' key (give one of the two)"),
        ({"instances": []}, "The images should be a list that is not empty."),
        ({"instances": [1], "signature_name": "x"}, "Serving signature name: 'x' not found"),
        ({"instances": [[[[0.5, 0, 0]]]]}, "Image 0 has values from 0 to 0.5: it should be "),
        ({"instances": [[[[0, 0, 256]]]]}, "Image 0 has values from 0 to 256: it should be "),
        ({"instances": [[[[0, 0]]]]}, "Image 0 is no RGB image: it should be lists "),
        ({"instances": [[[[0, 0, 0]], [[0, 0, 0], [1, 1, 1]]]]}, "Image 0 has rows of several"),
        ({"instances": [{"b64": "R0lG"}]}, "Image 0 is not an image of a known format"),
        ({"instances": [{"a": 1, "b": 2}]}, "The model has one input, 'images'; 2 were given."),
        ({"instances": ["x"]}, "Image 0 is no RGB image: "),
        ({"instances": [None]}, "Image 0 is no RGB image: "),
        ({"instances": [{"b64": None}]}, "Image 0 is no text in base64."),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_image_is_an_error_in_its_form(client, request_body, error):
    answer = client.post(PREDICT, json=request_body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert answer.json()["error"].startswith(error)


def test_status(client):
    (status,) = client.get("/v1/models/shapes").json()["model_version_status"]
    assert status == {
        "version": "1",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    assert client.get("/v1/models/shapes/versions/1").status_code == 200


def test_metadata_has_the_signature_and_the_classes(client):
    answer = client.get("/v1/models/shapes/metadata").json()
    assert answer["model_spec"] == {"name": "shapes", "signature_name": "", "version": "1"}
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    sizes = [size["size"] for size in signature["inputs"]["images"]["tensor_shape"]["dim"]]
    assert (sizes, signature["inputs"]["images"]["dtype"]) == (["-1", "32", "32", "3"], "DT_UINT8")
    assert answer["metadata"]["classes"] == ["circles", "squares", "stripes"]


def test_a_version(client, files, expected):
    path = "/v1/models/shapes/versions/1:predict"
    answer = client.post(path, json={"instances": [encoded(files[2])]})
    assert answer.json()["predictions"][0] == pytest.approx(expected[2], abs=1e-6)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/v1/models/shapes/versions/7", "Specific(shapes, 7); the version is 1."),
        ("/v1/models/flowers", "Latest(flowers); there are shapes."),
        ("/v1/models/flowers/metadata", "Latest(flowers); there are shapes."),
    ],
)
def test_a_model_or_version_that_is_not_there(client, path, error):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"error": f"Servable not found for request: {error}"}
