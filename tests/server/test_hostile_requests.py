"""Requests that are made to take seconds, or gigabytes, of the server."""

import json
import time

import pytest

from transferkit.server.access import session_of

TOKEN = "correct horse"
JSON = {"Content-Type": "application/json"}
MANY, LONG = 4000, 2_000_000
"""Texts, and characters of one of them: as an array of texts of one length they are 32 GB."""


def test_a_cookie_of_backslashes_takes_no_seconds(clients):
    guarded = clients(token=TOKEN)
    started = time.process_time()
    cookie = 'transferkit_session="' + 60_000 * "\\" + '"'
    assert guarded.get("/ready", headers={"Cookie": cookie}).status_code == 401
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("cookies", "status"),
    [
        ("{}", 200),
        ("a[]=1; {}; b", 200),  # of other programs on the same host
        ("transferkit_session=old; {}", 200),
        ("x{}", 401),
        ("a=1, {}", 401),
        ("=; ;; transferkit_session", 401),
    ],
)
def test_the_session_is_one_of_the_cookies(clients, cookies, status):
    header = cookies.format(f"transferkit_session={session_of(TOKEN)}")
    answer = clients(token=TOKEN).get("/ready", headers={"Cookie": header})
    assert answer.status_code == status


@pytest.mark.parametrize("level", [1, 2, 3])
def test_long_texts_are_no_array(client, level):
    image = [LONG * "x"] + MANY * [""]
    for _ in range(level - 1):
        image = [image]
    answer = client.post("/v1/models/shapes:predict", json={"instances": [image]})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Image 0 is no RGB image: it should be lists ")


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/models/shapes:predict"])
@pytest.mark.parametrize(
    "value",
    [{str(number): 0 for number in range(9000)}, {"images": [[]] * 9000}, {"images": [""] * 9000}],
    ids=["keys", "lists", "texts"],
)
def test_json_of_many_small_parts_is_refused_before_it_is_read(client, path, value):
    body = json.dumps(value, separators=(",", ":"))
    answer = client.post(path, content=body, headers=JSON)
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "The JSON has more objects, lists or texts than images need.",
    )


def test_a_length_in_other_digits_is_none(client):
    headers = {b"Content-Length": b"\xb2", b"Content-Type": b"text/plain"}
    assert client.post("/v1/predict", content=b"x", headers=headers).status_code == 415
