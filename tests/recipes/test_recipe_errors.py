"""What is wrong with the command line of a recipe is one sentence, said before anything slow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from transferkit.storage.run import Run

pytestmark = pytest.mark.slow

RECIPES = Path(__file__).parents[2] / "recipes"
WRONG = (
    (
        ("lenet",),
        1,
        "Got neither a source nor --manifest: give one of them, such as a folder with one "
        "sub-folder per class.",
    ),
    (
        ("lenet", "DIR", "--epoch", "3"),
        2,
        "Unrecognized options: --epoch, 3; did you mean --epochs? "
        "`python {script} --help` lists the options.",
    ),
    (
        ("resnet50", "DIR", "--backbone", "resnet5"),
        1,
        "No backbone is called 'resnet5': did you mean 'resnet50'? "
        "`transferkit backbones` lists them.",
    ),
    (
        ("compare_baselines", "DIR", "--more-backbones", "resnet5"),
        1,
        "No backbone is called 'resnet5': did you mean 'resnet50'? "
        "`transferkit backbones` lists them.",
    ),
    (
        ("compare_baselines", "DIR", "--weights", "vgg16.h5"),
        1,
        "The weights 'vgg16.h5' are of one backbone, not of 'resnet50' as well: "
        "pass --more-backbones without names.",
    ),
    (
        ("compare_baselines", "DIR", "--weights", "vgg16.h5", "--more-backbones"),
        1,
        "The weights file 'vgg16.h5' does not exist: --weights takes imagenet, embedded, "
        "none, or the path of a file with the weights of the backbone without its top.",
    ),
    (
        ("compare_baselines", "DIR", "--features", "pixel"),
        1,
        "No baseline is called 'knn_pixel': did you mean 'knn_pixels'? "
        "`transferkit baselines` lists them.",
    ),
    (
        ("from_scratch", "DIR", "--networks", "alexnet"),
        1,
        "The backbone 'alexnet' cannot take images of 32 pixels: pass --scratch-image-size 67 or "
        "more.",
    ),
    (
        ("augmentation_ablation", "DIR", "--policies", "flipp"),
        1,
        "No augmentation policy is called 'flipp': did you mean 'flip'?",
    ),
    (
        ("augmentation_ablation", "DIR", "--dropouts", "1.5"),
        1,
        "The setting 'dropout' is 1.5: it should be between 0 and 0.95.",
    ),
    (
        ("vgg16", "no-such-folder"),
        1,
        "There is no folder 'no-such-folder': give one with one sub-folder per class.",
    ),
)


@pytest.mark.parametrize(("words", "status", "sentence"), WRONG)
def test_a_wrong_command_line_is_one_sentence(
    words: tuple[str, ...],
    status: int,
    sentence: str,
    run_recipe: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        run_recipe(*words)
    script = RECIPES / f"{words[0]}.py"
    assert caught.value.code == status
    assert capsys.readouterr().err == f"transferkit: {sentence.format(script=script)}\n"


def test_weights_of_every_backbone_are_there_before_the_first_training(
    run_recipe: Callable[..., None],
    shapes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    words = ("--backbone", "lenet", "--image-size", 32, "--out", tmp_path / "run")
    with pytest.raises(SystemExit) as caught:
        run_recipe("compare_baselines", shapes, *words, "--more-backbones", "mobilenet_025")
    said = capsys.readouterr().err
    assert caught.value.code == 1
    assert "transferkit: The ImageNet weights of 'mobilenet_025' are not in Keras' cache" in said
    assert ", epoch 1 of" not in said


def test_a_recipe_without_a_named_backbone_needs_no_network(
    run_recipe: Callable[..., None],
    shapes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = "--policies none --dropouts 0 --seeds 1 --image-size 32 --train.unfreeze none"
    quick = (*words.split(), "--train.head-epochs", 1, "--out", tmp_path / "run")
    run_recipe("augmentation_ablation", shapes, *quick)
    assert capsys.readouterr().err.startswith("Images: ")
    assert Run.open(tmp_path / "run").settings()["model"]["backbone"] == "efficientnet_lite0"
