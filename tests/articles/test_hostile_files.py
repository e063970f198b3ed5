"""Files that somebody made to do harm: refused in words, and nothing of what is here is touched."""

import json
from pathlib import Path

import pytest

from articles.importers import export_folders, obograph
from articles.importers.markdown_files import FileRefused
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ROW = {"language": "en", "kind": "synonym", "text": "Planted name"}


@pytest.mark.parametrize("key", ["condition_id", "id", "pk"])
def test_a_name_in_an_export_cannot_say_that_it_belongs_to_a_condition_that_is_here(tmp_path: Path, key: str) -> None:
    here = make.condition()
    record = {"slug": "of-the-export", "names": [{**ROW, key: here.pk}], "codes": []}
    (tmp_path / export_folders.CONDITIONS).write_text(json.dumps(record))
    with pytest.raises(FileRefused, match="not the record of a condition"):
        export_folders.missing_conditions(tmp_path)


def test_brackets_without_end_are_no_record_and_no_manifest(tmp_path: Path) -> None:
    for name in (export_folders.CONDITIONS, export_folders.MANIFEST):
        (tmp_path / name).write_text("[" * 200_000)
    assert export_folders.manifest(tmp_path) is None
    with pytest.raises(FileRefused, match="not the record of a condition"):
        export_folders.missing_conditions(tmp_path)


def test_a_number_without_end_is_no_ontology(tmp_path: Path) -> None:
    path = tmp_path / "numbers.json"
    path.write_text('{"graphs": [' + "9" * 5000 + "]}")
    with pytest.raises(FileRefused, match="not an ontology"):
        obograph.read(path)
