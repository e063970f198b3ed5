"""Forged forms and addresses: ids of others, rows that never change, bulk actions, numbers that are none."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse

from accounts import guards
from accounts.models import User
from articles.models import ConditionName
from reviews.models import Credential

from . import make, people
from .routes import EVERYBODY, MODELS, NOBODY, Roles
from .test_routes import filled
from .world import NEVER_CHANGING, World

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

Forged = tuple[str, str, dict[str, Any], Roles]


def bulk(world: World) -> Iterator[Forged]:
    """Every list of the admin, sent bulk actions and rows to change in the list itself."""
    for model, rights in MODELS.items():
        keys = list(world.before[world.rows[model]._meta.db_table])
        path = reverse(f"admin:{model}_changelist")
        chosen = {"_selected_action": keys, "index": 0, "post": "yes"}
        delete = rights.delete if model in BULK else NOBODY
        yield f"{model}: delete_selected", path, {**chosen, "action": "delete_selected"}, delete
        for action in ("publish", "__class__"):
            yield f"{model}: {action}", path, {**chosen, "action": action}, NOBODY
        rows = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": keys[0], "_save": "1"}
        fields = [field.name for field in world.rows[model]._meta.fields if field.name != "id"]
        yield f"{model}: list", path, {**rows, **dict.fromkeys((f"form-0-{name}" for name in fields), "1")}, NOBODY
        yield f"{model}: history", reverse(f"admin:{model}_history", args=[keys[0]]), {"action": "revert"}, NOBODY


# Those that keep the stock action: stock models, and of ours one that is a tally and no record.
BULK = {"auth_group", "account_emailaddress", "mfa_authenticator", "pages_codemiss"}


def swapped(world: World) -> Iterator[Forged]:
    """The desk's own forms with the ids of others. They obey nobody."""
    article, other = world.public.article_id, world.draft.article_id
    days = dt.timedelta(1)
    digest = world.waiting.revision.digest
    decision: dict[str, Any] = {
        "act": "approve",
        "digest": digest,
        "scope": "whole",
        "months": 12,
        "conflicts": "None declared",
        "ticked": [1, 2],
    }
    why = {"why": "Forged."}
    acts: list[tuple[str, list[int], dict[str, Any]]] = [
        ("desk_publish", [other, world.approved.pk], {}),
        ("desk_publish", [world.sent_back.revision.article_id, world.sent_back.pk], {}),
        ("desk_publish", [article, world.public.review_id], {}),
        ("desk_publish", [article, world.approved.pk], {"live_from_0": make.today() - days, "live_from_1": "08:00"}),
        ("desk_withdraw", [other, world.public.pk], why),
        ("desk_withdraw", [world.gone.article_id, world.gone.pk], why),
        ("desk_withdraw", [article, world.public.pk], {**why, "instead": article}),
        ("desk_withdraw", [article, world.public.pk], {**why, "instead": other}),
        ("desk_ask", [article, 99], {}),
        ("desk_ask", [world.waiting.revision.article_id, 1], {}),
        ("desk_preview", [article, 1], {"act": "publish"}),
    ]
    for name, numbers, form in acts:
        yield f"{name} {numbers} {form}", reverse(f"admin:{name}", args=numbers), form, NOBODY
    queue = reverse("admin:reviews_reviewrequest_change", args=[world.waiting.pk])
    changes: list[dict[str, Any]] = [
        {"digest": world.claimed.revision.digest},
        {"digest": ""},
        {"digest": digest.upper()},
        {"signed_on": make.today() + days},
        {"signed_on": make.today() - dt.timedelta(5000)},
        {"months": 999},
        {"months": "9" * 30},
        {"scope": "changes"},
        {"scope": "nothing"},
        {"scope": ""},
        {"conflicts": " "},
        *({"ticked": ticked} for ticked in ([1], [1, 2, 3], [0, 1, 2], "9" * 30)),
        *({"seen": seen} for seen in ("99-0-0-0-0", f"1-0-0-{world.checklist.pk + 1}-0", "9" * 30, "1-2-3")),
        *({"act": act, "private_note": ""} for act in ("", "close", "delete", "__class__", "save", "hand_back")),
    ]
    for change in changes:
        yield f"decision {change}", queue, {**decision, **change}, NOBODY
    closed = reverse("admin:reviews_reviewrequest_change", args=[world.sent_back.request_id])
    for act in ("approve", "changes", "claim", "hand_back", "take_back"):
        form = {**decision, "act": act, "digest": world.sent_back.digest, "private_note": "Forged."}
        yield f"{act} a closed request", closed, form, NOBODY


def smuggled(world: World) -> Iterator[Forged]:
    """The stock forms with rows of others, or with fields that are not on the screen. They obey nobody."""
    root = world.browser("superuser")
    yield from (
        (f"{model} {name}", path, {**filled(root, path), **change}, NOBODY)
        for model, name, path, change in _smuggled(world)
    )
    for person in (people.clinician().user, people.author(), people.publisher(), people.registrar()):
        yield f"delete {person}", reverse("admin:accounts_user_delete", args=[person.pk]), {"post": "yes"}, NOBODY
    checked = world.approved.credential_check.credential_id
    licence = {
        "reviewer": people.clinician("Lars").pk,
        "profession": "Forged",
        "register": "Forged",
        "number": "FORGED",
    }
    yield "credential", reverse("admin:reviews_credential_change", args=[checked]), licence, NOBODY
    yield "credential", reverse("admin:reviews_credential_delete", args=[checked]), {"post": "yes"}, NOBODY
    check = {"checked_on": make.today(), "valid_from": make.today(), "valid_until": make.today()}
    yield "check", reverse("admin:reviews_credentialcheck_add"), {**check, "credential": "9" * 30}, NOBODY
    yield "autocomplete", reverse("admin:autocomplete"), {"action": "delete_selected", "_selected_action": 1}, NOBODY


def _smuggled(world: World) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    name = ConditionName.objects.filter(condition=world.castleman).earliest("pk")
    theirs = Credential.objects.filter(reviewer=people.clinician("Lars")).earliest("pk")
    clara = people.clinician()
    condition = reverse("admin:articles_condition_change", args=[world.poems.pk])
    yield "condition", "name of another", condition, {"names-0-id": name.pk, "names-0-text": "Forged"}
    yield "condition", "deletes the name of another", condition, {"names-0-id": name.pk, "names-0-DELETE": "on"}
    reviewer = reverse("admin:reviews_reviewer_change", args=[clara.pk])
    for key in (theirs.pk, Credential.objects.get(reviewer=clara).pk):
        credential = {"credentials-0-id": key, "credentials-0-number": "FORGED", "credentials-0-DELETE": "on"}
        yield "reviewer", "licence", reviewer, credential
    yield "reviewer", "another person", reviewer, {"user": people.registrar().pk, "id": 1, "pk": 1}
    article = reverse("admin:articles_article_change", args=[world.public.article_id])
    yield "article", "another condition", article, {"condition": world.castleman.pk, "language": "de", "id": 1}
    yield "article", "standing", article, {"digest": "0" * 64, "review": world.approved.pk, "number": 1, "based_on": 0}


@pytest.fixture(scope="module")
def forms(world: World) -> list[Forged]:
    """Every forged form."""
    return [*bulk(world), *swapped(world), *smuggled(world)]


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_a_forged_form_obeys_nobody_beyond_their_rights(world: World, forms: list[Forged], role: str) -> None:
    # ways 4 to 9
    found = []
    for name, path, form, allowed in forms:
        with world.undone() as changed:
            status = world.browser(role).post(path, form).status_code
        if status >= 500 or (changed and role not in allowed) or any("never changes" in table for table in changed):
            found.append(f"{name}: {status}, changed {sorted(changed)}")
    assert not found, f"{role}:\n" + "\n".join(found)


def test_every_model_of_the_admin_is_tried() -> None:
    registered = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert registered == set(MODELS)


@pytest.mark.owner
def test_the_net_of_these_tests_sees_a_change_and_a_row_that_never_changes(world: World) -> None:
    with world.undone() as changed:
        User.objects.filter(pk=world.people["member"].pk).update(name="Changed")
        world.browser("member").get("/accounts/logout/")
    assert changed == {"accounts_user"}
    for model in NEVER_CHANGING:
        table = model._meta.db_table
        with world.undone() as changed:
            guards.drop()
            with connection.cursor() as cursor:
                cursor.execute(
                    f'DELETE FROM "{table}"' if table == "articles_citation" else f'UPDATE "{table}" SET id = -id'
                )
        assert f"a row of {table} that never changes" in changed, table


NUMBERS = ["9" * 30, "-1", "1%00", "1'--", "%FF"]
QUERIES = [
    *(f"{name}={'9' * 30}" for name in ("id", "p", "o", "pk__in")),
    *("q=%00", "q=%FF", "e=1", "all=", "_popup=1", "_to_field=password", "user__password__startswith=a", "standing=x"),
]


def strange_addresses(world: World) -> Iterator[str]:
    """Addresses of the admin that hold no number, or one that no database holds."""
    big = "9" * 30
    for model in MODELS:
        folder = f"/admin/{model.replace('_', '/')}"
        yield from (f"{folder}/{number}/{act}/" for number in NUMBERS for act in ("change", "delete"))
        yield f"{folder}/{big}/history/"
    for folder in ("accounts/user", "articles/article", "reviews/reviewrequest", "reviews/credential"):
        yield from (f"/admin/{folder}/?{query}" for query in QUERIES)
    for act in ("preview", "ask", "publish", "withdraw"):
        yield f"/admin/articles/article/{big}/{act}/1/"
        yield f"/admin/articles/article/{world.public.article_id}/{act}/{big}/"
    yield from (f"/admin/r/{pair}/" for pair in (f"{big}/1", f"1/{big}", "a/%00"))


def test_an_address_of_the_admin_that_is_none_never_breaks_it_and_changes_nothing(world: World) -> None:
    root, found = world.browser("superuser"), []
    for address in strange_addresses(world):
        with world.undone() as changed:
            statuses = [root.get(address).status_code, *([] if "?" in address else [root.post(address).status_code])]
        if max(statuses) >= 500 or changed:
            found.append(f"{address}: {statuses}, {sorted(changed)}")
    assert not found, "\n".join(found)
