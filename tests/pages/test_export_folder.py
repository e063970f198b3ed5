"""The folder of an export: whole or as it was, no file touched that did not change, nothing of others removed."""

import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from articles.importers import export_folders
from articles.models import ConditionName
from pages.export_folder import NoExport, writing
from reviews.models import Publication
from tests import make, people

from .exporting import export, exported, tree, without_manifest

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PAGE = "pages/poems-syndrome/prognosis.md"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the export of a test goes."""
    return tmp_path / "export"


def page(slug: str) -> Publication:
    """A public page at this address."""
    return make.publication(make.review(make.revision(make.article(slug))))


def withdraw() -> None:
    """Take the page down that was there first."""
    Publication.objects.earliest("pk").withdraw(by=people.publisher(), why="A figure was wrong.")


def exported_anew(path: Path) -> dict[str, bytes]:
    """What an export into an empty place would be, but for its moment."""
    clean = exported(path.with_name("clean"))
    return {**clean, "manifest.json": (path / "manifest.json").read_bytes()}


# A second time


def test_a_second_export_leaves_every_file_alone_that_is_the_same(path: Path) -> None:
    make.publication()
    before = exported(path)
    touched = {name: (path / name).stat() for name in before}
    said = export(path)
    assert "Files: 0 new, 0 changed, 6 unchanged, 0 removed." in said.out
    after = tree(path)
    assert without_manifest(after) == without_manifest(before)
    assert {name for name in after if (path / name).stat() != touched[name]} == {"manifest.json"}


def test_a_second_export_brings_new_changed_and_withdrawn_pages(path: Path) -> None:
    make.publication()
    changed = page("changed")
    exported(path)
    withdraw()
    make.publication(make.review(make.revision(changed.article, body="Other words.")))
    page("new")
    said = export(path)
    # Changed are the page, the publications and the withdrawals; not the conditions, the reviewers and the README.
    assert "Files: 1 new, 3 changed, 3 unchanged, 1 removed." in said.out
    assert {name for name in tree(path) if name.endswith(".md")} == {
        "pages/poems-syndrome/changed.md",
        "pages/poems-syndrome/new.md",
    }
    assert tree(path) == exported_anew(path)


def test_what_is_not_of_the_export_stays(path: Path) -> None:
    make.publication()
    exported(path)
    for name in (".git/HEAD", "NOTES.md", "pages/poems-syndrome/our-own.txt"):
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text("Ours.")
    withdraw()
    files = exported(path)
    assert PAGE not in files
    assert [files[name] for name in (".git/HEAD", "NOTES.md", "pages/poems-syndrome/our-own.txt")] == [b"Ours."] * 3


def test_a_file_that_somebody_changed_or_removed_comes_back(path: Path) -> None:
    make.publication()
    before = exported(path)
    (path / PAGE).write_text("Mine.")
    (path / "conditions.jsonl").unlink()
    assert without_manifest(exported(path)) == without_manifest(before)


def test_a_dry_run_says_what_would_change_and_writes_nothing(path: Path) -> None:
    make.publication()
    assert "Would be: files 6 new, 0 changed, 0 unchanged, 0 removed." in export(path, dry_run=True).out
    assert not list(path.parent.iterdir())
    before = exported(path)
    ConditionName.objects.update(text="Another name")
    assert "Would be: files 0 new, 1 changed, 5 unchanged, 0 removed." in export(path, dry_run=True).out
    assert tree(path.parent) == {f"export/{name}": content for name, content in before.items()}


# Where it does not go


def test_a_folder_with_other_files_is_refused(path: Path) -> None:
    path.mkdir()
    (path / "thesis.txt").write_text("Three years of work.")
    assert "holds other files. Name a new folder" in export(path).failure
    assert tree(path.parent) == {"export/thesis.txt": b"Three years of work."}


def test_an_empty_folder_is_taken(path: Path) -> None:
    path.mkdir()
    assert "manifest.json" in exported(path)
    assert {entry.name for entry in path.iterdir() if entry.name.startswith(".")} == set()


def test_a_file_and_a_place_that_is_not_there_are_refused(path: Path) -> None:
    path.write_text("Mine.")
    assert export(path).failure == f"{path} is a file. Name a folder."
    assert path.read_text() == "Mine."
    assert "Make that folder first" in export(path.parent / "no" / "where").failure


def test_what_is_private_never_gets_among_what_is_public(path: Path) -> None:
    make.publication()
    before = exported(path)
    said = export(path, all=True)
    assert "holds an export of what readers may see, and this is one of the whole record" in said.failure
    assert tree(path) == before
    whole = path.with_name("whole")
    exported(whole, all=True)
    assert "Name another folder" in export(whole).failure
    assert "Name another folder" in export(whole, all=True, with_private_notes=True).failure


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/passwd", ".git/HEAD", "pages/../../outside.txt", "a//b"])
def test_a_list_that_names_files_elsewhere_removes_none(path: Path, name: str) -> None:
    make.publication()
    exported(path)
    outside = path.parent / "outside.txt"
    outside.write_text("Mine.")
    (path / ".git").mkdir()
    (path / ".git/HEAD").write_text("Mine.")
    with (path / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  {name}\n")
    assert "0 removed" in export(path).out
    assert outside.read_text() == (path / ".git/HEAD").read_text() == "Mine."


def test_two_exports_to_one_place_do_not_meet(path: Path) -> None:
    make.publication()
    for _ in range(2):  # where there is none yet, and where there is one
        with writing(path, holds="what readers may see", private=False, dry_run=False) as folder:
            folder.write("README.txt", "First.")
            assert export(path).failure == f"Another export to {path} is under way. Wait for its end."
        assert tree(path).keys() == {"README.txt", "SHA256SUMS", "manifest.json"}
    assert "pages/poems-syndrome/prognosis.md" in exported(path)


# Cut off


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file grows beyond this size, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("there", [True, False], ids=["an earlier one", "none yet"])
def test_a_full_disk_leaves_the_earlier_export_as_it_was(path: Path, there: bool) -> None:
    make.publication()
    before = exported(path) if there else {}
    change()
    failed = 0
    for size in (0, 10, 300, 700, 1000, 1500):
        with room_for(size):
            said = export(path)
        if "File too large" in said.failure:
            failed += 1
            assert f"What was at {path} before is as it was." in said.failure
            assert tree(path.parent) == {f"export/{name}": content for name, content in before.items()}
    assert failed >= 4
    exported(path)
    assert tree(path) == exported_anew(path)


def change() -> None:
    """Make the next export differ: a page is gone, two are new, every list is another."""
    withdraw()
    page("new")
    page("newer")


class Cut(BaseException):
    """The process ends here."""


def cut(moves: int, *, for_good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moving fails at this file: once, or from then on, as if the process were no more."""
    made, replace = count(1), Path.replace

    def limited(self: Path, target: Path) -> Path:
        if (number := next(made)) == moves or (for_good and number > moves):
            raise Cut
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", limited)


@pytest.mark.parametrize("for_good", [False, True], ids=["interrupted", "killed"])
def test_an_export_that_is_cut_off_while_it_is_put_in_place_is_undone_or_completed(
    path: Path, for_good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.publication()
    before = exported(path)
    change()
    clean = without_manifest(exported(path.with_name("clean")))
    for moves in count(1):
        with monkeypatch.context() as patched:
            cut(moves, for_good=for_good, monkeypatch=patched)
            try:
                export(path)
            except Cut:
                pass
            else:
                break
        if for_good:
            # The next one first completes it, and only then finds no room.
            with room_for(0):
                assert "File too large" in export(path).failure
            assert not [*export_folders.lost(path), *export_folders.altered(path)]
            assert without_manifest(exported(path)) == clean
            assert not (path / ".unfinished-export").exists()
            restore(path, before)
        else:
            assert tree(path) == before
    assert moves > 8


def restore(path: Path, files: dict[str, bytes]) -> None:
    """Put an earlier export back."""
    for name in tree(path).keys() - files.keys():
        (path / name).unlink()
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)


def test_what_a_killed_export_left_behind_is_cleared_away(path: Path) -> None:
    make.publication()
    for stage in (path.with_name(".export.unfinished-export"), path / ".unfinished-export"):
        (stage / "pages").mkdir(parents=True)
        (stage / "pages" / "half.md").write_text("---\ncond")
        assert without_manifest(exported(path)) == without_manifest(exported(path.with_name("clean")))
        assert not stage.exists()


def test_a_place_without_rights_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refused)
    assert "Permission denied" in export(path).failure


def test_others_can_read_what_readers_may_see(path: Path) -> None:
    make.publication()
    exported(path)
    assert path.stat().st_mode & stat.S_IROTH
    with pytest.raises(NoExport), writing(path, holds="x", private=False, dry_run=False):
        pass
