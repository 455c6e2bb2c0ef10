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
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
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
    {"learning_curves", "export"},
    {"serving"},
    {"report"},
    {"experiment", "server"},
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
    for node in ast.walk(TREES[module]):
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
    for node in ast.walk(TREES[module]):
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


def test_a_module_imports_from_floors_below_and_its_own_room():
    reaching = {}
    for module in MODULES:
        room, used = room_of(module), rooms_used(module)
        floor = FLOOR.get(room, 0)  # `__init__` imports from none
        if above := {each for each in used if each != room and FLOOR[each] >= floor}:
            reaching[name_of(module)] = above
    assert reaching == {}


def test_no_module_imports_itself_by_way_of_others():
    assert cycle_among({name: set(modules_used(path)) for name, path in DOTTED.items()}) == []


def children_used(package: str) -> dict[str, set[str]]:
    """The children of `package`, each with those that it imports."""
    uses: dict[str, set[str]] = {}
    for name, path in DOTTED.items():
        if child := child_of(package, name):
            children = {child_of(package, used) for used in modules_used(path)}
            uses.setdefault(child, set()).update(children - {"", child})
    return uses


def test_the_children_of_a_package_have_an_order():
    cycles = {package: cycle_among(children_used(package)) for package in PACKAGES}
    assert {package: cycle for package, cycle in cycles.items() if cycle} == {}


def test_only_the_facts_of_the_package_itself_are_used_from_within():
    """`transferkit.train` within a room would go round the floors by the public face."""
    asked = {
        (name_of(module), node.attr)
        for module in MODULES
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "transferkit"
    }
    assert {(module, name) for module, name in asked if name not in OF_THE_PACKAGE} == set()


def test_every_room_has_a_floor():
    assert {room_of(module) for module in MODULES} - {"__init__"} == set(FLOOR)


def test_no_file_is_too_long():
    lines = {name_of(each): len(each.read_text("utf-8").splitlines()) for each in MODULES}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def test_no_function_is_too_long():
    lines = {
        (name_of(module), each.name): lines_of(each)
        for module in MODULES
        for each in functions(module)
    }
    assert {name: count for name, count in lines.items() if count > MAX_FUNCTION_LINES} == {}


def test_a_module_says_what_it_is():
    silent = [name_of(each) for each in MODULES if not ast.get_docstring(TREES[each])]
    assert silent == []


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
