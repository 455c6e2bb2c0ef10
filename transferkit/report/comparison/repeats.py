"""Spread of the accuracy over trainings with different seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import pandas as pd
from matplotlib.figure import Figure

from transferkit.config.settings import Config
from transferkit.errors import ConfigError
from transferkit.evaluation.metrics import Scores
from transferkit.evaluation.results import Result
from transferkit.runtime.printing import guarded
from transferkit.storage.files import write_text, written_atomically
from transferkit.storage.run import Run

ROW = 0.32  # inches a row of the picture
INK, FAINT = "#1f4e79", "#888888"


class ScoredResults(Protocol):
    """The part of a comparison with the scores by classifier."""

    @property
    def test(self) -> pd.DataFrame: ...

    @property
    def results(self) -> Sequence[Result]: ...

    @property
    def scores(self) -> Sequence[Scores]: ...

    @property
    def config(self) -> Config: ...


@dataclasses.dataclass(frozen=True)
class RepeatedRuns:
    """Accuracy by the settings that were varied.

    Attributes:
        varied: the settings, names in the summary of each classifier.
        trials: a row a training: the varied settings and `accuracy`, share 0..1.
        title: what was repeated, as a sentence.
    """

    varied: tuple[str, ...]
    trials: pd.DataFrame
    title: str = ""

    @classmethod
    def of(cls, comparison: ScoredResults, *varied: str) -> RepeatedRuns:
        """Return the spread over the classifiers whose summaries have all of `varied`.

        Raises:
            ConfigError: there is none.
        """
        rows = [
            {name: result.summary.facts[name] for name in varied} | {"accuracy": scores.accuracy}
            for result, scores in zip(comparison.results, comparison.scores, strict=True)
            if all(name in result.summary.facts for name in varied)
        ]
        if not rows:
            raise ConfigError(
                f"No classifier of the report has all of {', '.join(map(repr, varied))} in its "
                "summary: name what the recipe put there."
            )
        return cls(varied, pd.DataFrame(rows, columns=[*varied, "accuracy"]))

    @classmethod
    def over(cls, reports: Sequence[ScoredResults]) -> RepeatedRuns:
        """Return the spread of each classifier over `reports`, one per seed."""
        rows = [
            {"classifier": result.name, "accuracy": scores.accuracy}
            for comparison in reports
            for result, scores in zip(comparison.results, comparison.scores, strict=True)
        ]
        alike = all(
            list(report.test["path"]) == list(reports[0].test["path"]) for report in reports
        )
        what = "each on the source's own split" if alike else "each with a split of its own"
        first, last = reports[0].config.seed, reports[-1].config.seed
        title = f"Accuracy over {len(reports)} repeats, seeds {first} to {last}, {what}:"
        return cls(("classifier",), pd.DataFrame(rows), title)

    def frame(self) -> pd.DataFrame:
        """Return trainings, mean, standard deviation, min and max, one row per combination."""
        groups = self.trials.groupby(list(self.varied), sort=False)["accuracy"]
        spread = groups.agg(["count", "mean", "std", "min", "max"])
        return spread.rename(columns={"count": "trainings", "std": "spread"}).reset_index()

    def __str__(self) -> str:
        shares = dict.fromkeys(("mean", "spread", "min", "max"), "{:.3f}".format)
        return str(self.frame().to_string(index=False, formatters=shares, na_rep="-"))

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, float_format="{:.3f}".format, na_rep="–"))

    def plot(self) -> Figure:
        """Return a figure with one dot per training and one bar per mean, combinations in rows."""
        rows = list(self.trials.groupby(list(self.varied), sort=False)["accuracy"])
        figure = Figure(figsize=(7, 1.1 + ROW * len(rows)), layout="constrained")
        axes = figure.subplots()
        for row, (_, accuracies) in enumerate(rows):
            values, mean = accuracies * 100, accuracies.mean() * 100
            axes.plot(values, [row] * len(values), "o", color=FAINT, alpha=0.6, markersize=5)
            axes.plot([mean], [row], "|", color=INK, markersize=16, markeredgewidth=2.5)
            text = f"{mean:.1f}" + (f" ± {values.std():.1f}" if len(values) > 1 else "")
            spot = (1.02, row)
            axes.text(*spot, text, transform=axes.get_yaxis_transform(), va="center", color=INK)
        axes.set_yticks(range(len(rows)), [self._named(key) for key, _ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(axis="y", linewidth=0.3)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("accuracy on the test images, % (dot: one training, bar: mean)")
        return figure

    def save(self, run: Run, name: str) -> None:
        """Write the table as `name`.csv and the picture as `name`.png into the run folder.

        Raises:
            RunError: the folder cannot be written to.
        """
        write_text(
            run / f"{name}.csv", self.frame().map(guarded).to_csv(index=False, float_format="%.4f")
        )
        with written_atomically(run / f"{name}.png") as path:
            self.plot().savefig(path, dpi=150)

    def _named(self, key: tuple[object, ...]) -> str:
        if self.varied == ("classifier",):
            return str(key[0])
        pairs = zip(self.varied, key, strict=True)
        return ", ".join(f"{name} {value}" for name, value in pairs)
