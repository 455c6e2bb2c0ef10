"""The page, and what it asks for: Grad-CAM, training images, marked answers."""

import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from io import BytesIO

import pytest
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.manifest import Manifest
from transferkit.server.feedback import Feedback
from transferkit.server.metrics import Metrics
from transferkit.server.page import PageTasks, page_of
from transferkit.server.registry import Registry
from transferkit.server.service import Service
from transferkit.server.settings import ServerConfig
from transferkit.storage.run import Run
from transferkit.training.train import train


def picture_of(uri):
    return Image.open(BytesIO(base64.b64decode(uri.partition(",")[2])))


def settings_of(page):
    return json.loads(unescape(re.findall(r'data-settings="([^"]*)"', page)[0]))


def test_the_page_names_the_model_and_fetches_only_its_own_files(client):
    page = client.get("/").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert settings_of(page)["models"] == {"shapes": ["circles", "squares", "stripes"]}
    assert {client.get(address).status_code for address in addresses if address != "data:,"} == {
        200
    }
    assert all(address.startswith(("/", "data:")) for address in addresses)
    assert "<style" not in page
    assert "style=" not in page


def test_names_that_are_markup_are_escaped(run):
    name = "<img src=x onerror=alert(1)>\"'"
    service = Service(Registry({name: run}, ServerConfig()), ServerConfig(), Metrics())
    html = page_of(PageTasks(service))
    assert "<img src=x" not in html
    assert list(settings_of(html)["models"]) == [name]


def test_spaces_of_a_name_are_those_of_its_option(run):
    registry = Registry({"a  b": run, "other": run}, ServerConfig())
    html = page_of(PageTasks(Service(registry, ServerConfig(), Metrics())))
    assert '<option value="a  b">a  b</option>' in html


def test_grad_cam_is_a_picture_as_the_network_sees_it(client, files):
    sent = {"files": files[0].read_bytes()}
    answer = client.post("/v1/explain/shapes", files=sent, data={"class": "squares"}).json()
    assert answer["explained"] == "squares"
    assert picture_of(answer["overlay"]).size == picture_of(answer["picture"]).size


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [(b"GIF89a", "squares", 422), (None, "triangles", 404), (None, "", 404)],
)
def test_what_cannot_be_explained_is_an_error(client, files, content, name, status):
    sent = {"files": files[0].read_bytes() if content is None else content}
    answer = client.post("/v1/explain/shapes", files=sent, data={"class": name})
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def found_at_last(client, path, content):
    for _ in range(200):
        answer = client.post(path, files={"files": content})
        if answer.status_code != 200 or answer.json()["state"] != "preparing":
            return answer
        time.sleep(0.1)
    raise AssertionError("they are still being prepared")


def test_a_network_without_a_pretrained_backbone_has_no_similar_images(client, files):
    answer = found_at_last(client, "/v1/similar/shapes", files[0].read_bytes()).json()
    assert (answer["state"], answer["images"]) == ("missing", [])
    assert answer["reason"].startswith("There are no similar training images: ")


def test_training_images_like_an_image(shapes, pretrained, tmp_path, files):
    run = Run.create(tmp_path / "tuned")
    manifest = Manifest.read(shapes)
    manifest.save(run / "manifest.csv")
    (run / "config.yaml").write_text(pretrained.to_yaml(), encoding="utf-8")
    train(manifest, pretrained, run=run)
    config = ServerConfig()
    service = Service(Registry({"tuned": run.folder}, config), config, Metrics())
    similar = PageTasks(service).similar(service.registry.find())
    trained = manifest.part("train")["path"][0]
    with open(trained, "rb") as file:
        content = file.read()
    while (answer := similar.find(content))["state"] == "preparing":
        time.sleep(0.1)
    assert (answer["state"], len(answer["images"])) == ("ready", 4)
    assert answer["images"][0]["similarity"] == pytest.approx(1, abs=0.01)
    assert picture_of(answer["images"][0]["picture"]).size == (160, 160)


def test_a_private_server_shows_no_training_images(clients, files):
    client = clients(private=True)
    answer = client.post("/v1/similar/shapes", files={"files": files[0].read_bytes()})
    assert answer.status_code == 404
    assert settings_of(client.get("/").text)["similar"] is False


def marked(client, content, label):
    return client.post("/v1/feedback/shapes", files={"files": content}, data={"label": label})


def test_marked_answers_are_a_list_to_train_on(clients, files, tmp_path):
    client = clients(feedback=str(tmp_path / "marked"))
    for file, label in zip(files, ("squares", "squares", "circles"), strict=True):
        answer = marked(client, file.read_bytes(), label)
        assert (answer.status_code, answer.json()["label"]) == (200, label)
    frame = Manifest.read(
        tmp_path / "marked" / "labels.csv", DataConfig(near_duplicates=False)
    ).frame
    assert sorted(frame["label"]) == ["circles", "squares", "squares"]
    assert set(frame["problem"]) <= {""}


def test_an_image_that_is_marked_again_has_its_last_label(clients, files, tmp_path):
    client = clients(feedback=str(tmp_path))
    marked(client, files[0].read_bytes(), "squares")
    name = marked(client, files[0].read_bytes(), "stripes").json()["saved"]
    text = (tmp_path / "labels.csv").read_text("utf-8")
    assert text.splitlines() == ["path,label", f"{name},stripes"]
    assert (tmp_path / name).read_bytes() == files[0].read_bytes()


@pytest.mark.parametrize(
    ("content", "label", "status"),
    [(b"GIF89a", "squares", 422), (None, "../x", 400), (None, "", 400), (b"", "squares", 422)],
)
def test_what_is_no_image_or_no_class_is_not_saved(
    clients, files, tmp_path, content, label, status
):
    client = clients(feedback=str(tmp_path / "marked"))
    sent = files[0].read_bytes() if content is None else content
    assert marked(client, sent, label).status_code == status
    assert not (tmp_path / "marked").exists()


def test_without_a_folder_nothing_is_saved(client, files):
    assert marked(client, files[0].read_bytes(), "squares").status_code == 404


def test_a_full_folder_takes_no_more(registry, files, tmp_path):
    feedback = Feedback(tmp_path, max_images=1)
    model = registry.find()
    feedback.save(model, files[0].read_bytes(), "squares")
    with pytest.raises(Exception, match="has 1 images: move them elsewhere"):
        feedback.save(model, files[1].read_bytes(), "squares")


def test_servers_that_share_a_folder_lose_no_label(registry, files, tmp_path, monkeypatch):
    model, servers = registry.find(), [Feedback(tmp_path) for _ in files]
    read = Feedback._labels

    def slow(self):
        labels = read(self)
        time.sleep(0.2)
        return labels

    monkeypatch.setattr(Feedback, "_labels", slow)
    with ThreadPoolExecutor(len(files)) as threads:
        contents = [file.read_bytes() for file in files]
        models, labels = [model] * len(files), ["squares"] * len(files)
        saved = list(threads.map(Feedback.save, servers, models, contents, labels))
    lines = (tmp_path / "labels.csv").read_text("utf-8").splitlines()
    assert sorted(lines[1:]) == sorted(f"{name},squares" for name in saved)


def test_an_image_that_was_moved_away_is_saved_again(registry, files, tmp_path):
    feedback, model, content = Feedback(tmp_path), registry.find(), files[0].read_bytes()
    (tmp_path / feedback.save(model, content, "squares")).unlink()
    assert (tmp_path / feedback.save(model, content, "circles")).read_bytes() == content
