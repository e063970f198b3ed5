"""The codes that were asked for in vain: what they mean here today, taken away once dealt with, and safe as a file."""

import csv
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from articles.models import Condition, ConditionCode
from pages.desk.codes import STATES
from pages.models import CodeMiss
from reviews.models import Publication
from tests import make, people

pytestmark = pytest.mark.django_db

LIST = "admin:pages_codemiss_changelist"


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Any) -> None:
    settings.ROUNDS_DEMO = True


def at_desk(person: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person)
    return client


def missed(code: str, times: int = 1, *, system: str = "MeSH") -> CodeMiss:
    """A code that was asked for in vain so many times."""
    for _ in range(times):
        CodeMiss.objects.note(system, code)
    return CodeMiss.objects.get(system=system, code=code)


def borne(code: str, *slugs: str) -> list[Condition]:
    """Conditions that bear this code."""
    found = [make.condition(slug, slug.replace("-", " ").title()) for slug in slugs]
    for condition in found:
        ConditionCode.objects.create(condition=condition, system="MeSH", code=code)
    return found


def listed(query: str = "") -> list[str]:
    """The codes of the list, from top to bottom."""
    found = at_desk(people.publisher()).get(reverse(LIST) + query)
    assert found.status_code == 200
    return [row.code for row in found.context["cl"].result_list]


def shown(code: str, column: str) -> str:
    """What stands in a column of the list for a code."""
    request: Any = RequestFactory().get("/")
    request.user = people.publisher()
    site = admin.site.get_model_admin(CodeMiss)
    return str(getattr(site, column)(site.get_queryset(request).get(code=code)))


def file() -> list[list[str]]:
    """The rows of the file, as a spreadsheet reads them."""
    answer = at_desk(people.publisher()).get(reverse("admin:desk_codes"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="codes-asked-in-vain-')
    return list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))


def test_what_was_asked_for_most_stands_first() -> None:
    missed("D000001"), missed("D000002", 3), missed("D000003", 2)
    assert listed() == ["D000002", "D000003", "D000001"]


def test_it_says_what_the_site_has_for_a_code_today() -> None:
    borne("D000001", "first-condition", "second-condition")
    missed("D000001"), missed("D000002")
    condition = Condition.objects.get(slug="first-condition")
    address = reverse("admin:articles_condition_change", args=[condition.pk])
    assert shown("D000001", "have") == f'<a href="{address}">First Condition</a> and 1 more: no page'
    assert shown("D000002", "have") == "No condition with this code"
    make.publication(make.review(make.revision(make.article(of=Condition.objects.get(slug="second-condition")))))
    assert shown("D000001", "have") == f'<a href="{address}">First Condition</a> and 1 more: pages'


def test_a_condition_that_was_given_up_counts_as_the_one_that_is_shown_in_its_place() -> None:
    old, new, newest = borne("D000001", "old-name")[0], make.condition("new-name", "New"), make.condition()
    old.successor, new.successor = new, newest
    for condition in (old, new):
        condition.save()
    missed("D000001")
    assert "Old Name</a>, which leads to another: no page" in shown("D000001", "have")
    assert (listed("?have=condition"), listed("?have=pages"), file()[1][5]) == (["D000001"], [], STATES["condition"])
    page = make.publication(make.review(make.revision(make.article(of=newest))))
    assert "Old Name</a>, which leads to another: pages" in shown("D000001", "have")
    assert (listed("?have=condition"), listed("?have=pages"), file()[1][5]) == ([], ["D000001"], STATES["pages"])
    make.community(old, members=1)  # with which it stays, and leads nowhere
    assert "Old Name</a>: no page" in shown("D000001", "have")
    assert listed("?have=pages") == []
    assert page.article.condition == newest


def test_it_is_narrowed_to_what_has_to_be_done() -> None:
    borne("D000001", "without-a-page")
    (answered,) = borne("D000002", "with-a-page")
    make.publication(make.review(make.revision(make.article(of=answered))))
    missed("D000001"), missed("D000002"), missed("D000003"), missed("123456", system="OMIM")
    assert listed("?have=condition") == ["D000001"]
    assert listed("?have=pages") == ["D000002"]
    assert sorted(listed("?have=nothing")) == ["123456", "D000003"]
    assert listed("?system=OMIM") == ["123456"]
    assert listed("?system=OMIM&have=pages") == []
    for unknown in ("?system=%00", "?system=none", "?have=none"):
        assert len(listed(unknown)) == 4
    Publication.objects.live().get().withdraw(by=people.publisher(), why="Wrong.")
    assert sorted(listed("?have=condition")) == ["D000001", "D000002"]


def test_a_code_leads_to_where_its_system_shows_it() -> None:
    missed("14039", system="DOID"), missed("D47.7", system="ICD-11")
    missed("x&y", system="MeSH"), missed("1", system="2.16.840.1.113883.6.999")
    address = "https://disease-ontology.org/?id=DOID:14039"
    assert shown("14039", "written") == f'<a href="{address}" rel="noopener noreferrer">DOID:14039</a>'
    for nowhere in ("D47.7", "x&y", "1"):  # no address, no code of its system, no system of ours
        assert shown(nowhere, "written") == nowhere
    assert shown("1", "system_title") == "2.16.840.1.113883.6.999"


def test_a_publisher_takes_away_what_is_dealt_with_and_it_comes_again_when_it_is_asked_for() -> None:
    done, kept = missed("D000001", 5), missed("D000002")
    client = at_desk(people.publisher())
    form = {"action": "delete_selected", "_selected_action": [done.pk], "post": "yes"}
    assert client.post(reverse(LIST), form).status_code == 302
    assert list(CodeMiss.objects.all()) == [kept]
    assert missed("D000001").times == 1


@pytest.mark.parametrize("who", ["author", "registrar", "moderator"])
def test_it_is_for_publishers(who: str) -> None:
    row = missed("D000001")
    client = at_desk(getattr(people, who)())
    for address in (reverse(LIST), reverse("admin:desk_codes")):
        assert client.get(address).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    assert client.post(reverse(LIST), form).status_code == 403
    assert CodeMiss.objects.exists()


def test_nobody_types_a_code_or_changes_a_count() -> None:
    row = missed("D000001")
    client = at_desk(people.superuser())
    assert client.get(reverse("admin:pages_codemiss_add")).status_code == 403
    client.post(reverse("admin:pages_codemiss_change", args=[row.pk]), {"times": 99, "code": "D000002"})
    row.refresh_from_db()
    assert (row.code, row.times) == ("D000001", 1)


def test_the_file_has_every_code_with_what_the_site_has_for_it() -> None:
    borne("D000001", "castleman-disease")
    missed("D000001", 2), missed("D000002")
    today = make.today().isoformat()
    assert file() == [
        ["System", "Code", "Times", "First day", "Last day", "What we have", "Condition", "Elsewhere"],
        [
            *["MeSH", "D000001", "2", today, today, "A condition without a page", "Castleman Disease"],
            "https://meshb.nlm.nih.gov/record/ui?ui=D000001",
        ],
        [
            *["MeSH", "D000002", "1", today, today, "No condition with this code", ""],
            "https://meshb.nlm.nih.gov/record/ui?ui=D000002",
        ],
    ]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝"])
def test_a_spreadsheet_runs_nothing_of_what_was_asked_for(begins: str) -> None:
    missed(f"{begins}cmd|' /C calc'!A0", system=f'{begins}HYPERLINK("https://example.org")')
    answer = at_desk(people.publisher()).get(reverse("admin:desk_codes")).content.decode("utf-8-sig")
    row = list(csv.reader(answer.splitlines(keepends=True)))[1]
    for cell in row[:2]:
        assert cell.lstrip()[:1] not in {"=", "+", "-", "@", "＝"}, cell
        assert cell.startswith("'")


def test_the_list_takes_few_queries_however_many_codes_there_are(django_assert_max_num_queries: Any) -> None:
    for number in range(9):
        borne(f"D00000{number}", f"condition-{number}")
        missed(f"D00000{number}")
    client = at_desk(people.publisher())
    client.get(reverse(LIST))  # what a browser's first page costs more
    with django_assert_max_num_queries(9):
        client.get(reverse(LIST))
    with django_assert_max_num_queries(7):
        client.get(reverse("admin:desk_codes"))
