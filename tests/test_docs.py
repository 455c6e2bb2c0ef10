"""The documents, held: their Python runs, their commands parse, their links lead somewhere."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tyro

from transferkit.backbones.catalog import BACKBONES
from transferkit.baselines.catalog import CLASSIFIERS, FEATURES
from transferkit.cli import catalogs
from transferkit.cli.cache import CacheOptions
from transferkit.cli.compare import CompareJob, TrainJob, baseline_names
from transferkit.cli.curve import CurveJob
from transferkit.cli.demo import Demo
from transferkit.cli.job import parse_job
from transferkit.cli.look import FetchOptions, LookOptions
from transferkit.cli.main import COMMANDS, usage
from transferkit.cli.predict import PredictOptions, ReportOptions
from transferkit.config.presets import PRESETS
from transferkit.data.augmentation.policies import POLICIES

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(transferkit [^`]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks(page: Path, language: str) -> list[str]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind == language]


def lines(page: Path, start: str) -> list[str]:
    """The lines of the shell blocks of `page` that begin with `start`."""
    return [
        line for text in blocks(page, "sh") for line in text.splitlines() if line.startswith(start)
    ]


def told(start: str) -> list[tuple[str, str]]:
    """`(page, line)` of every shell line that begins with `start`, in all documents."""
    return [(page.name, line) for page in PAGES for line in lines(page, start)]


def parse_train(arguments: Sequence[str]) -> None:
    parse_job(TrainJob, arguments, program="transferkit train").check()


def parse_curve(arguments: Sequence[str]) -> None:
    parse_job(CurveJob, arguments, program="transferkit curve").check()


def parse_compare(arguments: Sequence[str]) -> None:
    job = parse_job(CompareJob, arguments, program="transferkit compare")
    job.check()
    baseline_names(job.baselines, job.settings)


def parser(options: type) -> Callable[[Sequence[str]], object]:
    return lambda arguments: tyro.cli(
        options, args=list(arguments), config=(tyro.conf.FlagCreatePairsOff,)
    )


PARSERS: dict[str, Callable[[Sequence[str]], object]] = {
    "train": parse_train,
    "compare": parse_compare,
    "curve": parse_curve,
    "demo": parser(Demo),
    "look": parser(LookOptions),
    "fetch": parser(FetchOptions),
    "cache": parser(CacheOptions),
    "predict": parser(PredictOptions),
    "report": parser(ReportOptions),
    "backbones": catalogs.backbones,
    "baselines": catalogs.baselines,
}


def test_every_command_has_a_parser_here():
    assert set(PARSERS) == {each.name for each in COMMANDS}


@pytest.mark.parametrize(
    "line",
    sorted(
        {line for _, line in told("transferkit ")}
        | {span for page in PAGES for span in SPAN.findall(page.read_text(encoding="utf-8"))}
    ),
)
def test_a_command_in_the_documents_can_be_given(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("settings.yaml").write_text("train:\n  batch_size: 16\n", encoding="utf-8")
    _, name, *arguments = shlex.split(line)
    PARSERS[name](arguments)


@pytest.mark.parametrize(("page", "line"), told("make "))
def test_a_target_in_the_documents_is_in_the_makefile(page, line):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert line.split()[1] in targets


@pytest.mark.parametrize(("page", "line"), told("python "))
def test_a_script_in_the_documents_is_there(page, line):
    _, name, *rest = line.split()
    script = f"{rest[0].replace('.', '/')}.py" if name == "-m" else name
    assert (ROOT / script).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    lost = [
        link
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert lost == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name
)
def test_the_python_of_a_page_runs(page, drawn, tmp_path, monkeypatch):
    drawn("photos", images=12)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["page.py"])
    names = {"__name__": "page", "__doc__": "A page."}
    for text in blocks(page, "python"):
        exec(compile(text, page.name, "exec"), names)


def test_the_readme_lists_every_command_with_its_line():
    listed = [text for text in blocks(ROOT / "README.md", "text") if text.startswith("demo ")]
    helped = [line.strip() for line in usage().splitlines() if line.startswith("  ")]
    assert [line.split() for line in listed[0].splitlines()] == [line.split() for line in helped]


def test_the_readme_names_every_preset():
    assert all(f"`{name}`" in (ROOT / "README.md").read_text("utf-8") for name in PRESETS)


def test_the_first_screen_of_the_readme_has_the_two_commands():
    first = (ROOT / "README.md").read_text("utf-8").splitlines()[:12]
    assert {"make demo", "make test"} <= set(first)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_is_too_wide_to_read(page):
    wide = [
        line
        for line in re.sub(BLOCK, "", page.read_text("utf-8")).splitlines()
        if len(line) > 105 and not line.startswith("|")
    ]
    assert wide == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "recipes").glob("*.py")), ids=lambda path: path.name
)
def test_every_recipe_is_in_the_documents(path):
    assert f"../recipes/{path.name}" in (ROOT / "docs" / "recipes.md").read_text("utf-8")


@pytest.mark.parametrize("row", BACKBONES, ids=lambda row: row.name)
def test_every_backbone_is_in_the_documents(row):
    assert f"`{row.name}`" in (ROOT / "docs" / "models.md").read_text("utf-8")


@pytest.mark.parametrize("row", [*CLASSIFIERS, *FEATURES], ids=lambda row: row.name)
def test_every_part_of_a_baseline_is_in_the_documents(row):
    assert f"`{row.name}`" in (ROOT / "docs" / "baselines.md").read_text("utf-8")


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_every_policy_is_in_the_documents(policy):
    assert f"| `{policy.name}`" in (ROOT / "docs" / "data.md").read_text("utf-8")
