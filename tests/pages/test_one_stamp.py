"""Every public claim that a text was reviewed comes from one place: `reviews.standing.Stamp`."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# What a claim of a review is made of.
CLAIMS = {"signed_on", "next_due", "lapses_on", "in_date", "standing", "days_overdue", "credential_revoked", "elapsed"}
# A page that was taken down names its last approval, and a history every one, as what was and without a mark.
HISTORY = {
    "templates/pages/withdrawn.html": {"publication.review.signed_on"},
    "templates/pages/history.html": {"approval.review.signed_on"},
    "templates/pages/_history_entry.html": {"approval.review.signed_on"},
    "templates/pages/reviewer.html": {"signed.signed_on"},
    "pages/history.py": {"self.review.signed_on"},
    "pages/views.py": {"review.signed_on"},
}


def test_no_public_code_reads_a_review_past_the_stamp() -> None:
    # way 25
    read = [
        (str(path.relative_to(ROOT)), ast.unparse(node))
        for path in [*(ROOT / "pages").glob("*.py"), *(ROOT / "pages" / "templatetags").glob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in CLAIMS
    ]
    assert len(read) > 3
    past = [(named, words) for named, words in read if words.split(".")[-2] != "stamp"]
    assert [words for named, words in past if words not in HISTORY.get(named, set())] == []


def test_no_public_template_reads_a_review_past_the_stamp() -> None:
    # way 25
    wrong, seen = {}, 0
    for path in (ROOT / "templates" / "pages").glob("*.html"):
        named = str(path.relative_to(ROOT))
        read = set(re.findall(rf"([\w.]*\w)\.(?=({'|'.join(CLAIMS)})\b)", path.read_text()))
        found = {f"{owner}.{claim}" for owner, claim in read if owner.split(".")[-1] not in {"stamp", "example"}}
        seen += len(read)
        if found - HISTORY.get(named, set()):
            wrong[named] = found
    assert seen > 15
    assert wrong == {}
