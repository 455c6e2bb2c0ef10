"""The plan of the house, held: who imports whom, how long things are, what loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import transferkit

PACKAGE = Path(transferkit.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
DOTTED = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in MODULES
    if path.name != "__init__.py"
}
PACKAGES = [""] + sorted(
    ".".join(path.parent.relative_to(PACKAGE).parts)
    for path in MODULES
    if path.name == "__init__.py" and path.parent != PACKAGE
)
FLOORS = (
    {"errors"},
    {"runtime"},
    {"config"},
    {"storage"},
    {"backbones", "evaluation"},
    {"task"},
    {"data"},
    {"inference"},
    {"models"},
    {"features"},
    {"training", "baselines"},
    {"learning_curves", "serving"},
    {"report"},
    {"experiment"},
    {"cli"},
    {"__main__"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
OF_THE_PACKAGE = {"__version__", "__file__"}  # what any room may ask of `transferkit` itself
HEAVY = ("tensorflow", "keras", "sklearn", "pandas", "numpy", "matplotlib")
MAX_LINES, MAX_FUNCTION_LINES = 300, 50  # one concept per file, however few lines it takes


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules_used(module: Path) -> Iterator[str]:
    """The dotted paths below the package that any import of `module` leads to.

    Imports within functions and those for the type checker alone count too.
    """
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(module)} has a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first == "transferkit" and rest and rest not in OF_THE_PACKAGE:
                yield rest if rest in DOTTED else rest.rpartition(".")[0]


def rooms_used(module: Path) -> set[str]:
    return {name.partition(".")[0] for name in modules_used(module)}


def child_of(package: str, module: str) -> str:
    """The child of `package` that `module` is or is in; empty for one outside."""
    start = f"{package}." if package else ""
    return module.removeprefix(start).partition(".")[0] if module.startswith(start) else ""


def cycle_among(uses: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the end, without the docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """`code` in a process of its own, which ends by naming what heavy it has loaded."""
    watch = (
        "import atexit, sys\n"
        f"heavy = {HEAVY!r}\n"
        "atexit.register(lambda: print('loaded:', *(n for n in heavy if n in sys.modules)))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", watch + code], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_imports_from_floors_below_and_its_own_room(module):
    room = room_of(module)
    if room == "__init__":
        assert not rooms_used(module)
        return
    above = {used for used in rooms_used(module) if used != room and FLOOR[used] >= FLOOR[room]}
    assert not above, f"{name_of(module)} reaches up or across to {sorted(above)}"


def test_no_module_imports_itself_by_way_of_others():
    assert not cycle_among({name: set(modules_used(path)) for name, path in DOTTED.items()})


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package or "transferkit")
def test_the_children_of_a_package_have_an_order(package):
    uses: dict[str, set[str]] = {}
    for name, path in DOTTED.items():
        if child := child_of(package, name):
            children = {child_of(package, used) for used in modules_used(path)}
            uses.setdefault(child, set()).update(children - {"", child})
    assert not cycle_among(uses)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_only_the_facts_of_the_package_itself_are_used_from_within(module):
    """`transferkit.train` within a room would go round the floors by the public face."""
    asked = {
        node.attr
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "transferkit"
    }
    assert asked <= OF_THE_PACKAGE


def test_every_room_has_a_floor():
    assert {room_of(module) for module in MODULES} - {"__init__"} == set(FLOOR)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_file_is_too_long(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_function_is_too_long(module):
    long = {each.name: lines_of(each) for each in functions(module)}
    assert {name: n for name, n in long.items() if n > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_says_what_it_is(module):
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "code",
    [
        "import transferkit",
        "import transferkit; dir(transferkit); transferkit.Config(); transferkit.BACKBONES",
        "from transferkit.cli.main import main; main(['--help'])",
        "from transferkit.cli.main import main; main(['--version'])",
        "from transferkit.cli.main import main; main(['train', '--help'])",
        "from transferkit.cli.main import main; main(['predict', '--help'])",
        "from transferkit.cli.main import main; main(['backbones'])",
        "from transferkit.cli.main import main; main(['baselines'])",
    ],
)
def test_nothing_heavy_is_loaded_by(code):
    ended = run_python(code)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["train", "photos", "--backbone", "resnet5"],
            "No backbone is called 'resnet5': did you mean 'resnet50'? "
            "`transferkit backbones` lists them.",
        ),
        (
            ["compare", "photos", "--baselines", "random_forest_hogg"],
            "No baseline is called 'random_forest_hogg': did you mean 'random_forest_hog'? "
            "`transferkit baselines` lists them.",
        ),
        (
            ["look", "photos", "--augment", "foto"],
            "No augmentation policy is called 'foto': did you mean 'photo'?",
        ),
        (
            ["train", "photos", "--preset", "bets"],
            "No preset is called 'bets': did you mean 'best'?",
        ),
    ],
    ids=["backbone", "baseline", "policy", "preset"],
)
def test_a_misspelt_name_is_said_before_anything_heavy_is_loaded(arguments, error):
    ended = run_python(f"from transferkit.cli.main import main; main({arguments!r})")
    assert (ended.returncode, ended.stderr) == (1, f"transferkit: {error}\n")
    assert ended.stdout == "loaded:\n"
