"""Make the weights of the pocket backbone: draw pictures, and distil a teacher on them.

    python -m tools.pocket.make_pocket
    python -m tools.pocket.make_pocket --teacher mobilenet_v2 --weights FILE --probe DIR
    python -m tools.pocket.make_pocket --targets labels

It needs no photograph. Stopped, it resumes. docs/explanation/pocket.md has the results.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import transferkit as tk
from transferkit.backbones.catalog import find_backbone
from transferkit.cli.arguments import parse_arguments
from transferkit.config.validation import Between, check_settings
from transferkit.errors import ConfigError
from transferkit.runtime.process import run_as_script, silence_tensorflow
from transferkit.runtime.progress import log


@dataclass(frozen=True)
class Making:
    out: str = "pocket-lesson"
    """The folder for the pictures (50 kB each), the checkpoints and the weights."""
    teacher: str = "mobilenet_v2"
    """The backbone to imitate."""
    weights: str = "imagenet"
    """imagenet, or the path of a file with the teacher's weights."""
    targets: Literal["teacher", "labels"] = "teacher"
    """labels: no teacher; the student learns which of 1,000 things is in each picture."""
    pictures: Annotated[int, Between(1, 10_000_000)] = 140_000
    """Drawn pictures, each of which is seen many times."""
    steps: Annotated[int, Between(1, 10_000_000)] = 16_000
    """Steps, each on a batch of the pictures."""
    batch_size: Annotated[int, Between(1, 65_536)] = 128
    """Pictures in a step."""
    kept_every: Annotated[int, Between(1, 100_000)] = 500
    """Steps between two checkpoints."""
    probe: tuple[str, ...] = ()
    """Folders of images on which a logistic regression is tried on the way."""

    def __post_init__(self) -> None:
        check_settings(self)
        find_backbone(self.teacher)
        if self.steps % self.kept_every:
            raise ConfigError(
                f"The setting 'steps' is {self.steps}: it should be a multiple of the "
                f"{self.kept_every} steps between two checkpoints (--kept-every)."
            )


def make(settings: Making) -> None:
    """Draw, read, learn, and write the weights beside the curve of the lesson."""
    silence_tensorflow()
    from tools.pocket import config, dataset, distill, export, loss_plot, probe, teacher

    labelled = settings.targets == "labels"
    folder = Path(settings.out) / settings.targets
    manifests = {Path(source).name: tk.Manifest.read(source) for source in settings.probe}
    lesson = config.Lesson(
        folder,
        settings.pictures,
        settings.steps,
        settings.batch_size,
        labelled=labelled,
        kept_every=settings.kept_every,
    )
    dataset.draw_pictures(folder, settings.pictures, labelled=labelled)
    if not labelled:
        teacher.teach(folder, settings.pictures, teacher=settings.teacher, weights=settings.weights)
    student = distill.learn(lesson, lambda student: probe.probe(student, manifests))
    digest = export.write_weights(student, folder / "pocket.weights.h5")
    loss_plot.draw_curve(lesson, folder / "curve.png")
    log(f"Weights: {str(folder / 'pocket.weights.h5')!r}, SHA-256 {digest}.")


if __name__ == "__main__":
    import sys

    run_as_script(lambda: make(parse_arguments(Making, sys.argv[1:], program="make_pocket.py")))
