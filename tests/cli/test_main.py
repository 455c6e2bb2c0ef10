"""The command line as a whole: help, version, tables, and what it ends with."""

from __future__ import annotations

import ast
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import transferkit
from transferkit.backbones.catalog import BACKBONES
from transferkit.baselines.catalog import CLASSIFIERS, DEFAULT_BASELINES, FEATURES
from transferkit.cli.main import COMMANDS, main

PACKAGE = Path(transferkit.__file__).parent
NAMES = [each.name for each in COMMANDS]


def run(arguments, capsys):
    status = 0
    try:
        main(arguments)
    except SystemExit as end:
        status = int(end.code or 0)
    return status, *capsys.readouterr()


@pytest.mark.parametrize("flag", ["-h", "--help", "help"])
def test_help_lists_every_command(flag, capsys):
    status, out, err = run([flag], capsys)
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines() if line.startswith("  ")] == NAMES


def test_without_a_command_the_help_is_there_and_the_status_is_2(capsys):
    status, out, _ = run([], capsys)
    assert status == 2
    assert out.startswith("usage: transferkit COMMAND ...\n")


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_the_version(flag, capsys):
    assert run([flag], capsys) == (0, f"transferkit {transferkit.__version__}\n", "")


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_on_standard_output(name, capsys):
    status, out, err = run([name, "--help"], capsys)
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: transferkit {name} ")


def fields_without_a_word(path):
    """`Class.field` of every dataclass field in the file that no docstring follows."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef) or not node.decorator_list:
            continue
        for field, after in pairwise([*node.body, ast.Pass()]):
            said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if isinstance(field, ast.AnnAssign) and not said:
                yield f"{node.name}.{ast.unparse(field.target)}"


SECTIONS = ("Config.data", "Config.model", "Config.train", "Config.compute")


@pytest.mark.parametrize(
    "name",
    [
        "config/settings",
        "cli/cache",
        "cli/demo",
        "cli/look",
        "cli/compare",
        "cli/fetch",
        "cli/export",
        "cli/serve",
        "server/settings",
        "cli/report",
        "cli/train",
        "cli/curve",
        "cli/predict",
    ],
)
def test_every_option_says_what_it_does(name):
    lost = set(fields_without_a_word(PACKAGE / f"{name}.py"))
    assert lost - {"LookOptions.data", "ServeOptions.server", *SECTIONS} == set()


def test_an_unknown_command_is_one_line_and_status_2(capsys):
    assert run(["trian"], capsys) == (
        2,
        "",
        "transferkit: No command is called 'trian': did you mean 'train'? "
        "`transferkit --help` lists them.\n",
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_flag_is_status_2(name, capsys):
    status, out, err = run([name, "--no-such-flag"], capsys)
    assert (status, out) == (2, "")
    assert f"transferkit {name} --help" in err


def test_an_error_of_the_users_is_one_line_and_status_1(capsys, tmp_path):
    assert run(["train", str(tmp_path / "nowhere")], capsys) == (
        1,
        "",
        f"transferkit: There is no folder '{tmp_path}/nowhere': give one with one sub-folder per "
        "class.\n",
    )


def test_the_table_of_backbones_has_a_line_for_each(capsys):
    status, out, err = run(["backbones"], capsys)
    head, *lines = out.splitlines()
    assert (status, err) == (0, "")
    assert head.split() == ["name", "side", "least", "width", "blocks", "params", "weights"]
    assert [line.split()[0] for line in lines] == [row.name for row in BACKBONES]


def test_a_line_of_the_backbones(capsys):
    _, out, _ = run(["backbones"], capsys)
    line = next(line for line in out.splitlines() if line.startswith("resnet50 "))
    assert line.split() == ["resnet50", "224", "32", "2048", "5", "23.59M", "ImageNet"]


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("mobilenet_v2", "ImageNet"),
        ("pocket", "embedded"),
        ("lenet", "none: trained from scratch"),
    ],
)
def test_the_table_of_backbones_says_which_weights_there_are(name, weights, capsys):
    _, out, _ = run(["backbones"], capsys)
    line = next(line for line in out.splitlines() if line.startswith(f"{name} "))
    assert line.endswith(f"  {weights}")


def test_the_table_of_baselines_has_both_parts_and_the_default(capsys):
    status, out, err = run(["baselines"], capsys)
    found = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert (status, err) == (0, "")
    assert found == [row.name for row in (*CLASSIFIERS, *FEATURES)]
    assert out.endswith(f"Default: {', '.join(DEFAULT_BASELINES)}\n")


def test_a_module_runs_as_the_command_does():
    line = [sys.executable, "-m", "transferkit", "--version"]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert ended.stdout == f"transferkit {transferkit.__version__}\n"


def test_a_reader_that_has_had_enough_is_no_traceback():
    line = [sys.executable, "-m", "transferkit", "backbones"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        assert ran.stderr is not None
        ran.stdout.close()
        assert (ran.wait(timeout=60), ran.stderr.read()) == (1, "")
