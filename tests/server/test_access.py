"""Tokens, cookies and origins."""

import pytest

from transferkit.errors import ConfigError
from transferkit.server.settings import ServerConfig

TOKEN = "correct horse"
PATHS = ["/", "/ready", "/metrics", "/docs", "/openapi.json", "/v1/models", "/static/page.css"]
PATHS += ["/v1/models/shapes", "/no/such/path"]


@pytest.fixture
def guarded(clients):
    return clients(token=TOKEN)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Cookie": f"transferkit_session={TOKEN}"},
        {"Cookie": "transferkit_session=; ="},
    ],
    ids=lambda value: str(value)[:30],
)
def test_nothing_is_served_without_the_token(guarded, path, headers):
    answer = guarded.get(path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_nothing_is_predicted_without_the_token(guarded, files):
    sent = {"file": files[0].read_bytes()}
    assert guarded.post("/v1/predict", files=sent).status_code == 401
    assert guarded.post("/v1/models/shapes:predict", json={"instances": []}).status_code == 401


def test_the_token_opens(guarded, files):
    headers = {"Authorization": f"bearer {TOKEN}"}
    sent = {"file": files[0].read_bytes()}
    assert guarded.post("/v1/predict", files=sent, headers=headers).status_code == 200


def test_health_needs_no_token(guarded):
    assert guarded.get("/health").json() == {"status": "ok"}


def test_the_token_of_the_environment(clients, monkeypatch):
    monkeypatch.setenv("TRANSFERKIT_TOKEN", TOKEN)
    guarded = clients()
    assert guarded.get("/ready").status_code == 401
    assert guarded.get("/ready", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("token", [f"{TOKEN}\n", " ", " x", "schl\u00fcssel", "\udcff"])
def test_a_token_that_no_header_can_bring_is_refused_at_the_start(token, monkeypatch):
    monkeypatch.setenv("TRANSFERKIT_TOKEN", token)
    with pytest.raises(ConfigError, match="no line end and no space at either end"):
        ServerConfig()


def test_a_browser_is_asked_for_the_token(guarded):
    answer = guarded.get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert '<form method="post" action="/login"' in answer.text
    assert "shapes" not in answer.text


def test_a_browser_trades_the_token_for_a_cookie(guarded):
    origin = {"Origin": "http://127.0.0.1:8000"}
    answer = guarded.post("/login", data={"token": TOKEN}, headers=origin, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert TOKEN not in cookie
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    assert guarded.get("/ready").status_code == 200


def test_a_wrong_token_is_refused(guarded):
    answer = guarded.post("/login", data={"token": "guess"}, headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert "The token is wrong." in answer.text
    assert "set-cookie" not in answer.headers


def test_a_login_without_a_token_is_none(client):
    assert client.post("/login", data={"token": ""}).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9"])
def test_a_page_of_another_origin_is_refused(client, files, origin):
    sent = {"file": files[0].read_bytes()}
    answer = client.post("/v1/predict", files=sent, headers={"Origin": origin})
    assert (answer.status_code, list(answer.json())) == (403, ["error"])


def test_the_own_page_is_not_refused(client, files):
    origin = {"Origin": "http://127.0.0.1:8000"}
    sent = {"file": files[0].read_bytes()}
    assert client.post("/v1/predict", files=sent, headers=origin).status_code == 200


def test_a_program_with_the_token_may_come_from_anywhere(guarded, files):
    headers = {"Origin": "https://shop.example", "Authorization": f"Bearer {TOKEN}"}
    sent = {"file": files[0].read_bytes()}
    assert guarded.post("/v1/predict", files=sent, headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "[::", "127.0.0.1.evil.example", ""])
def test_a_foreign_name_of_this_machine_is_refused(client, host):
    assert client.get("/v1/models", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_its_own_names_are_not(client, host):
    assert client.get("/v1/models", headers={"Host": host}).status_code == 200
