"""The database refuses every link, decision and report that no verb would write, whoever asks it to."""

from typing import Any

import pytest
from django.db import models
from django.db.models import Value

from accounts import clock
from community.models import Link, LinkDecision, LinkReport
from tests import make, people
from tests.database import refused_by, sql

pytestmark = [pytest.mark.django_db, pytest.mark.owner]


def link_row(**more: Any) -> dict[str, Any]:
    return {"condition": make.condition(), "url": "https://raw.example.org/", "why": "It helps.", "key": "raw", **more}


def decision_row(of: Link, act: str, **more: Any) -> dict[str, Any]:
    return {"link": of, "act": act, "by": people.moderator(), **of.words, **more}


def standing(link: Link) -> tuple[str, str]:
    """How a link stands, and its title."""
    link.refresh_from_db()
    return link.decision, link.title


# A link follows its decisions


@pytest.mark.parametrize("way", ["queryset", "bulk", "save", "sql"])
def test_no_link_is_shown_that_no_moderator_accepted(way: str) -> None:
    link = make.link(title="Sample", kind="peers")
    by, at = people.moderator(), clock.read()
    with refused_by("link_follows_its_decisions"):
        if way == "queryset":
            Link.objects.filter(pk=link.pk).update(decision="accepted", decided_by=by, decided_at=at)
        elif way == "sql":
            sql(
                "UPDATE community_link SET decision = 'accepted', decided_by_id = %s, decided_at = CURRENT_TIMESTAMP",
                by.pk,
            )
        else:
            link.decision, link.decided_by, link.decided_at = Link.Decision.ACCEPTED, by, at
            link.save() if way == "save" else Link.objects.bulk_update([link], ["decision", "decided_by", "decided_at"])
    assert standing(link) == ("pending", "Sample")
    with refused_by("link_arrives_undecided"):
        Link.objects.create(**link_row(title="S", kind="peers", decision="accepted", decided_by=by, decided_at=at))


@pytest.mark.parametrize("column", ["title", "description", "kind", "language", "country", "reason"])
def test_no_word_beside_a_link_changes_without_a_decision(column: str) -> None:
    link = make.shown_link()
    with refused_by("link_follows_its_decisions"):
        Link.objects.filter(pk=link.pk).update(**{column: "fr" if column in {"language", "country"} else "peers"})
    with refused_by("link_follows_its_decisions"):
        Link.objects.filter(pk=link.pk).update(decided_by=people.superuser())


def test_a_link_that_was_taken_down_comes_back_by_a_decision_alone() -> None:
    link = make.shown_link()
    link.take_down(by=people.moderator(), why="It is a shop now.")
    for back in ({"decision": "accepted", "reason": ""}, {"decision": "accepted"}):
        with refused_by("link_follows_its_decisions"):
            Link.objects.filter(pk=link.pk).update(**back)
    with refused_by("decision_on_a_link_has_who_when_and_reason|link_follows_its_decisions"):
        Link.objects.filter(pk=link.pk).update(decision="pending", decided_by=None, decided_at=None, reason="")
    link.restore(by=people.moderator(), **link.words)
    assert standing(link) == ("accepted", "Sample foundation")


@pytest.mark.parametrize(
    ("stands", "acts"),
    [
        ("pending", {"edit", "down", "restore"}),
        ("accepted", {"accept", "refuse", "restore"}),
        ("refused", {"accept", "refuse", "edit", "down"}),
        ("down", {"accept", "refuse", "edit", "down"}),
    ],
)
def test_a_decision_fits_how_the_link_stands(stands: str, acts: set[str]) -> None:
    link = make.link(title="Sample", kind="peers")
    if stands in {"accepted", "down"}:
        link.accept(by=people.moderator(), **link.words)
    if stands == "refused":
        link.refuse(by=people.moderator(), why="It is a shop.")
    if stands == "down":
        link.take_down(by=people.moderator(), why="It is a shop.")
    for act in sorted(acts):
        with refused_by("decision_fits_the_link"):
            LinkDecision.objects.create(**decision_row(link, act, why="Raw."))
        assert link.decision not in LinkDecision.Act(act).possible_from, "the verb says the same"


def test_a_decision_is_dated_by_the_database_and_never_changed() -> None:
    link = make.shown_link()
    decision = link.decisions.get()
    other = make.link(url="https://other.example.org/", title="Other", kind="peers")
    with refused_by("community_linkdecision_at_is_now"):
        LinkDecision.objects.create(
            **decision_row(other, "accept", at=make.dt.datetime(2020, 1, 1, tzinfo=make.dt.UTC))
        )
    with refused_by("community_linkdecision_refuses_update"):
        LinkDecision.objects.update(by=people.superuser())
    with refused_by("community_linkdecision_refuses_delete"):
        LinkDecision.objects.filter(pk=decision.pk)._raw_delete("default")
    with refused_by("community_linkdecision_refuses_replace"):
        LinkDecision.objects.bulk_create([LinkDecision(pk=decision.pk, **decision_row(other, "accept"))])


@pytest.mark.postgresql
def test_the_history_of_decisions_is_not_truncated() -> None:
    with refused_by("community_linkdecision_refuses_truncate"):
        sql("TRUNCATE community_link, community_linkdecision, community_linkreport")


@pytest.mark.parametrize("act", ["refuse", "down"])
def test_a_decision_against_a_link_has_a_reason(act: str) -> None:
    link = make.shown_link() if act == "down" else make.link()
    with refused_by("decision_against_a_link_has_a_reason"):
        LinkDecision.objects.create(**decision_row(link, act))


# What was suggested


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example.net/"},
        {"key": "another"},
        {"why": "Other words."},
        {"suggested_email": "other@example.org"},
        {"suggested_at": models.F("suggested_at") - Value(make.dt.timedelta(1))},
    ],
)
def test_what_was_suggested_is_not_changed(change: dict[str, Any]) -> None:
    link = make.link(email="rosa@example.org")
    with refused_by("link_keeps_what_was_suggested"):
        Link.objects.filter(pk=link.pk).update(**change)


def test_a_link_stays_with_its_condition_and_its_words_can_be_erased() -> None:
    link = make.link(email="rosa@example.org")
    with refused_by("link_keeps_what_was_suggested"):
        Link.objects.update(condition=make.condition("wilson-disease", "Wilson disease"))
    Link.objects.update(why="", suggested_email="")
    assert standing(link) == ("pending", "")


def test_a_link_is_dated_by_the_database_and_not_replaced() -> None:
    with refused_by("community_link_suggested_at_is_now"):
        Link.objects.create(**link_row(suggested_at=make.dt.datetime(2020, 1, 1, tzinfo=make.dt.UTC)))
    link = make.shown_link()
    with refused_by("community_link_refuses_replace"):
        Link.objects.bulk_create([Link(pk=link.pk, **link_row())])
    assert standing(link) == ("accepted", "Sample foundation")


def test_a_link_that_was_decided_on_is_not_deleted() -> None:
    link = make.shown_link()
    with pytest.raises(models.ProtectedError):
        link.delete()
    with pytest.raises(models.ProtectedError):
        Link.objects.all().delete()
    assert Link.objects.filter(pk=link.pk).exists()


# What was reported


def test_a_report_is_about_a_link_that_readers_saw() -> None:
    link = make.link()
    row: dict[str, Any] = {"link": link, "kind": "broken", "key": "raw"}
    with refused_by("report_is_about_a_link_that_was_shown"):
        LinkReport.objects.create(**row)
    link.accept(by=people.moderator(), title="Sample", kind="peers")
    with refused_by("report_arrives_unhandled"):
        LinkReport.objects.create(**row, handled_by=people.moderator(), handled_at=clock.read(), outcome="kept")
    with refused_by("community_linkreport_reported_at_is_now"):
        LinkReport.objects.create(**row, reported_at=make.dt.datetime(2020, 1, 1, tzinfo=make.dt.UTC))
    LinkReport.objects.create(**row)


@pytest.mark.parametrize(
    "change", [{"kind": "illegal"}, {"key": "k"}, {"words": "Others."}, {"email": "x@example.org"}]
)
def test_what_was_reported_is_not_changed(change: dict[str, str]) -> None:
    make.link_report(email="rosa@example.org")
    with refused_by("report_keeps_what_was_said"):
        LinkReport.objects.update(**change)


def test_a_report_stays_with_its_link_and_is_not_replaced() -> None:
    report = make.link_report()
    with refused_by("report_keeps_what_was_said"):
        LinkReport.objects.update(link=make.shown_link(url="https://other.example.org/"))
    with refused_by("community_linkreport_refuses_replace"):
        LinkReport.objects.bulk_create([LinkReport(pk=report.pk, link=report.link, kind="broken", key="raw")])
    report.refresh_from_db()
    assert report.words == "Half of it is a shop."


@pytest.mark.parametrize(
    "change",
    [
        {"handled_at": None, "handled_by": None, "outcome": "", "answer": ""},
        {"outcome": "words"},
        {"answer": "Other words."},
    ],
)
def test_what_was_handled_stays_handled(change: dict[str, Any]) -> None:
    report = make.link_report()
    report.close(by=people.moderator(), outcome="kept", answer="It sells nothing.")
    with refused_by("handled_report_stays_handled"):
        LinkReport.objects.update(**change)
    LinkReport.objects.update(email="")


# Constraints, each by its name


def test_an_address_stands_once_for_a_condition() -> None:
    link = make.link()
    # The guard against a replacement speaks first, but where two come at once.
    with refused_by("link_once_a_condition|community_link_refuses_replace"):
        Link.objects.create(**link_row(url=link.url))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("kind_of_link_is_known", {"kind": "shop"}),
        ("suggesters_words_are_not_too_many", {"why": "w" * 1001}),
        ("link_is_a_web_address", {"url": "javascript:alert(1)"}),
        ("decision_on_a_link_has_who_when_and_reason", {"reason": "Why?"}),
    ],
)
def test_a_link_that_no_verb_would_write_is_refused(name: str, wrong: dict[str, str]) -> None:
    with refused_by(name):
        Link.objects.create(**link_row(**wrong))


def test_an_accepted_link_has_a_title_and_a_kind() -> None:
    link = make.link()
    LinkDecision.objects.create(**decision_row(link, "accept"))
    with refused_by("accepted_link_has_title_and_kind"):
        Link.objects.update(decision="accepted", decided_by=people.moderator(), decided_at=clock.read())


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "works"},
        {"outcome": "broken", "checked_at": clock.now()},
        {"broken_days": 1},
        {"outcome": "works", "checked_at": clock.now(), "failing_since": clock.now()},
        {"outcome": "strange", "checked_at": clock.now()},
    ],
)
def test_what_a_check_found_is_whole(wrong: dict[str, Any]) -> None:
    make.link()
    with refused_by("outcome_of_a_check_is_whole"):
        Link.objects.update(**wrong)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("report_is_told_in_words", {"kind": "sells", "words": ""}),
        ("report_is_told_in_words", {"kind": "strange"}),
        ("words_of_a_report_are_not_too_many", {"words": "w" * 1001}),
        ("handling_of_a_report_has_who_when_and_outcome", {"answer": "Why?"}),
    ],
)
def test_a_report_that_no_verb_would_write_is_refused(name: str, wrong: dict[str, str]) -> None:
    row = {"link": make.shown_link(), "kind": "sells", "words": "A shop.", "key": "raw", **wrong}
    with refused_by(name):
        LinkReport.objects.create(**row)
