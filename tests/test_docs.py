"""The documents: their Python runs, their commands parse, their links lead somewhere."""

from __future__ import annotations

import dataclasses
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import get_type_hints

import pytest
import tyro

import transferkit
from tools.docs import reference
from transferkit import errors
from transferkit.backbones.catalog import BACKBONES
from transferkit.baselines.catalog import CLASSIFIERS, FEATURES
from transferkit.cli import catalogs
from transferkit.cli.cache import CacheOptions
from transferkit.cli.compare import CompareJob, baseline_names
from transferkit.cli.curve import CurveJob
from transferkit.cli.demo import Demo
from transferkit.cli.export import ExportOptions
from transferkit.cli.fetch import FetchOptions
from transferkit.cli.job import parse_job
from transferkit.cli.look import LookOptions
from transferkit.cli.main import COMMANDS, usage
from transferkit.cli.predict import PredictOptions
from transferkit.cli.report import ReportOptions
from transferkit.cli.serve import ServeOptions
from transferkit.cli.train import TrainJob
from transferkit.config.presets import PRESETS
from transferkit.config.settings import Config
from transferkit.data.augmentation.policies import POLICIES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(DOCS.rglob("*.md")),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(transferkit [^`]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
SOURCE = re.compile(r'src="([^"]+)"')
EXPANDED = {page: reference.expand(page.read_text("utf-8")) for page in PAGES}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    rows = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for kind, text in rows if kind == language]


def shell_lines(start: str) -> list[tuple[str, str]]:
    """`(page, line)` of every shell line that begins with `start`, in all documents."""
    return [
        (name_of(page), line)
        for page in PAGES
        for text in blocks(page, "sh")
        for line in text.splitlines()
        if line.startswith(start)
    ]


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of `page`, as GitHub and MkDocs make them."""
    text = BLOCK.sub("", EXPANDED[page])
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def page_text(name: str) -> str:
    return EXPANDED[DOCS / name]


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
    "export": parser(ExportOptions),
    "serve": parser(ServeOptions),
    "report": parser(ReportOptions),
    "backbones": catalogs.backbones,
    "baselines": catalogs.baselines,
}


def test_every_command_has_a_parser_here():
    assert set(PARSERS) == {command.name for command in COMMANDS}


def refusal(line: str) -> str:
    """The reason why the command `line` cannot be given, empty if it can."""
    _, name, *arguments = shlex.split(line)
    try:
        PARSERS[name](arguments)
    except errors.TransferkitError as error:
        return str(error)
    except SystemExit as ended:
        return f"exit status {ended.code}"
    return ""


def test_every_command_in_the_documents_can_be_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("settings.yaml").write_text("train:\n  batch_size: 16\n", encoding="utf-8")
    lines = {line for _, line in shell_lines("transferkit ")}
    lines |= {span for page in PAGES for span in SPAN.findall(page.read_text("utf-8"))}
    refusals = {line: refusal(line) for line in sorted(lines) if "--help" not in line}
    assert len(lines) > 50
    assert {line: reason for line, reason in refusals.items() if reason} == {}


def test_a_target_in_the_documents_is_in_the_makefile():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    lines = shell_lines("make ")
    assert [(page, line) for page, line in lines if line.split()[1] not in targets] == []


def test_a_script_in_the_documents_is_there():
    lost = []
    for page, line in shell_lines("python "):
        _, name, *rest = line.split()
        script = f"{rest[0].replace('.', '/')}.py" if name == "-m" else name
        if not (ROOT / script).is_file():
            lost.append((page, line))
    assert lost == []


def test_links_lead_to_files_and_headings():
    lost = []
    for page, text in EXPANDED.items():
        for path, anchor in LINK.findall(text):
            target = (page.parent / path).resolve() if path else page
            known = anchors(target) if anchor and target in EXPANDED else {anchor}
            if not target.exists() or anchor not in known:
                lost.append(f"{name_of(page)}: {path}#{anchor}")
        sources = SOURCE.findall(text)
        lost += [
            f"{name_of(page)}: {path}" for path in sources if not (page.parent / path).is_file()
        ]
    assert lost == []


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=name_of)
def test_the_python_of_a_page_runs(page, drawn, tmp_path, monkeypatch):
    drawn("photos", images=12)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["page.py"])
    names = {"__name__": "page", "__doc__": "A page."}
    for text in blocks(page, "python"):
        exec(compile(text, page.name, "exec"), names)
    assert len(names) > len(("__name__", "__doc__", "__builtins__"))  # it ran, and made something


def test_the_commands_are_listed_with_their_lines():
    text = next(
        text for text in blocks(DOCS / "reference/commands.md", "text") if text.startswith("demo ")
    )
    helped = [line.strip() for line in usage().splitlines() if line.startswith("  ")]
    assert [line.split() for line in text.splitlines()] == [line.split() for line in helped]


def test_every_command_and_option_is_in_the_reference():
    assert set(reference.OPTIONS) == {command.name for command in COMMANDS}
    text = page_text("reference/commands.md")
    lost = [name for name in reference.OPTIONS if f"\n## {name}\n" not in text]
    for kind in filter(None, reference.OPTIONS.values()):
        for name, hint in get_type_hints(kind).items():
            flag = f"--{name.replace('_', '-')}"
            if not (dataclasses.is_dataclass(hint) or flag in text or name in POSITIONAL):
                lost.append(flag)
    assert lost == []


POSITIONAL = {"source", "run", "runs", "sources", "name", "folder"}


def settings() -> list[tuple[str, str]]:
    """`(section, field)` of every setting."""
    hints = get_type_hints(Config)
    return [
        (section.name, field.name)
        for section in dataclasses.fields(Config)
        if dataclasses.is_dataclass(hints[section.name])
        for field in dataclasses.fields(hints[section.name])
    ]


def test_every_setting_is_in_the_reference_with_its_meaning():
    lines = page_text("reference/configuration.md").splitlines()
    wrong = []
    for section, field in settings():
        flag = f"--{section}.{field}".replace("_", "-")
        rows = [line for line in lines if line.startswith(f"| `{flag}`")]
        if len(rows) != 1 or len(rows[0].rstrip(" |").rsplit("| ", 1)[1]) <= 10:
            wrong.append(flag)
    assert wrong == []


def test_the_tree_of_errors_is_that_of_the_code():
    tree = [line.strip() for line in (errors.__doc__ or "").splitlines() if line[:4] == "    "]
    assert "\n".join(tree) in page_text("reference/errors.md")


def test_every_preset_is_in_the_reference():
    assert all(f"| `{name}` |" in page_text("reference/configuration.md") for name in PRESETS)


def test_the_first_screen_of_the_readme_has_the_two_commands():
    first = (ROOT / "README.md").read_text("utf-8").splitlines()[:12]
    assert {"make demo", "make test"} <= set(first)


def test_the_picture_of_the_readme_is_small():
    assert (DOCS / "images" / "report.png").stat().st_size < 250_000


def test_no_line_is_too_wide_to_read():
    wide = [
        (name_of(page), line)
        for page in PAGES
        for line in re.sub(BLOCK, "", page.read_text("utf-8")).splitlines()
        if len(line) > 105 and not line.startswith(("|", "<img", "<!-- generated"))
    ]
    assert wide == []


def missing(texts: Iterable[str], *pages: str) -> list[tuple[str, str]]:
    """Those of `texts` that are not in each of `pages`."""
    return [(page, text) for page in pages for text in texts if text not in page_text(page)]


def test_every_recipe_is_in_the_documents():
    recipes = [f"../../recipes/{path.name}" for path in (ROOT / "recipes").glob("*.py")]
    assert missing(recipes, "how-to/write-a-recipe.md") == []


def test_every_row_of_a_table_is_in_the_documents():
    backbones = [row.name for row in BACKBONES]
    parts = [row.name for row in (*CLASSIFIERS, *FEATURES)]
    assert missing([f"`{name}`" for name in backbones], "how-to/choose-a-backbone.md") == []
    assert missing([f"| `{name}` |" for name in backbones], "reference/backbones.md") == []
    assert missing([f"`{name}`" for name in parts], "explanation/baselines.md") == []
    policies = [f"| `{policy.name}`" for policy in POLICIES]
    assert missing(policies, "how-to/choose-augmentation.md") == []


def test_every_public_name_is_in_the_reference():
    names = [f"`tk.{name}`" for name in transferkit.__all__ if name != "__version__"]
    assert missing(names, "reference/python-api.md") == []
