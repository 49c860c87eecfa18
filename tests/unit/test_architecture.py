"""What import-linter cannot see: that all code is under its contracts, rooms stay small and are named for their job,
and that nothing of one machine or one package index gets into the repository."""

import ast
import configparser
import importlib.util
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 40
NOT_PACKAGES = {"tests", "bench", "scripts"}
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common", "misc", "core"}
# Folders of one machine. They are put together here so that this file does not hold them.
ONE_MACHINES_PATHS = [f"/{top}/" for top in ("work", "root")] + ["/tmp/" + "brief"]
OTHERS_WORK = ("app/static/vendor/", "LICENSES/", "LICENSE")


def setup_cfg() -> configparser.ConfigParser:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    return settings


def root_packages() -> set[str]:
    return set(setup_cfg()["importlinter"]["root_packages"].split())


def tracked(*patterns: str) -> list[Path]:
    """The files of the repository: what is committed or would be, without what .gitignore leaves out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def code_files() -> list[Path]:
    """Our modules, without generated migrations: those are a record of what was, and grow."""
    files = [ROOT / package for package in root_packages() | {"bench", "scripts"}]
    return [file for folder in files for file in folder.rglob("*.py") if "migrations/versions" not in file.as_posix()]


def test_every_folder_with_code_is_under_the_import_contracts() -> None:
    top_folders = {file.relative_to(ROOT).parts[0] for file in tracked("*.py") if file.parent != ROOT}
    assert top_folders - NOT_PACKAGES == root_packages()


def test_every_folder_with_code_is_a_package() -> None:
    packaged = [file for file in code_files() if not NOT_PACKAGES & set(file.parts)]
    assert [str(file) for file in packaged if not (file.parent / "__init__.py").exists()] == []


def test_every_room_of_the_repository_stands_in_its_layers() -> None:
    layers = setup_cfg()["importlinter:contract:repository"]["layers"]
    rooms = {folder.name for folder in (ROOT / "repository").iterdir() if (folder / "__init__.py").exists()}
    assert rooms == set(re.findall(r"\w+", layers))


@pytest.mark.parametrize("package", sorted(root_packages()))
def test_no_installed_library_stands_in_the_place_of_a_room(package: str) -> None:
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin == str(ROOT / package / "__init__.py")
    assert set(packages_distributions().get(package, [])) <= {"diachi"}


def test_files_are_short_enough_to_read_at_one_sitting() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in code_files()}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FILE} == {}


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{file.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1


def test_functions_do_one_job() -> None:
    lengths = dict(function for file in code_files() for function in functions(file))
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}


def test_modules_are_named_for_their_job() -> None:
    vague = [
        str(file.relative_to(ROOT))
        for file in code_files()
        if VAGUE_NAMES & {file.stem, *file.parent.parts[len(ROOT.parts) :]}
    ]
    assert vague == []


def test_no_two_test_files_have_one_name_and_none_is_a_package() -> None:
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_nothing_of_one_machine_is_in_the_repository() -> None:
    found = []
    for file in tracked():
        name = file.relative_to(ROOT).as_posix()
        if name.startswith(OTHERS_WORK):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [(name, path) for path in ONE_MACHINES_PATHS if path in text]
    assert found == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_pins_versions_and_hashes_and_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)
    requirements = [entry.strip() for entry in text.replace("\\\n", " ").splitlines() if entry.strip()]
    assert [
        entry for entry in requirements if not re.match(r"[\w.\[\]-]+==\S+.*--hash=sha256:[0-9a-f]{64}", entry)
    ] == []
    wanted = (ROOT / lock).with_suffix(".in").read_text(encoding="utf-8").splitlines()
    names = {re.split(r"[=\[]", entry)[0].lower() for entry in requirements}
    assert {re.split(r"[\[>=<]", line)[0].lower() for line in wanted if line and not line.startswith("-")} <= names


def test_scripts_can_be_run() -> None:
    assert all(
        script.stat().st_mode & 0o111
        for script in (ROOT / "scripts" / "run", ROOT / "scripts" / "test", ROOT / ".ci" / "run")
    )


def test_the_licence_of_every_dependency_is_listed() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    listed = (ROOT / "LICENSES" / "README.md").read_text(encoding="utf-8")
    assert [name for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE) if f"| {name} |" not in listed] == []
