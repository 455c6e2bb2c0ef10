"""What is wrong with the command line of a recipe is one sentence, said before anything slow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"
WRONG = (
    (
        ("lenet",),
        1,
        "Got neither a source nor --manifest: give one of them, such as a folder with a "
        "sub-folder a class.",
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
        ("compare_classics", "DIR", "--more-backbones", "resnet5"),
        1,
        "No backbone is called 'resnet5': did you mean 'resnet50'? "
        "`transferkit backbones` lists them.",
    ),
    (
        ("compare_classics", "DIR", "--features", "pixel"),
        1,
        "No baseline is called 'knn_pixel': did you mean 'knn_pixels'? "
        "`transferkit baselines` lists them.",
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
        "There is no folder 'no-such-folder': give one with a sub-folder a class.",
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
