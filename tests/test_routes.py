"""Every route of the site with every role: what is shown to whom, and whom each act obeys (the table: routes.py)."""

import datetime as dt
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.forms import MultiWidget
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from community import consents

from . import feedback, make, people, suggestions
from .routes import EVERYBODY, MODELS, NOBODY, ROUTES, Roles, Row
from .world import World, routes

pytestmark = pytest.mark.django_db

TABLE = "tests/routes.py"
Forms = dict[tuple[str, str], tuple[str, Any]]
DOOR = re.compile(r"/accounts/login/|/admin/login/")


def test_every_route_has_a_row_in_the_table_and_every_row_a_route() -> None:
    for route in routes():
        assert route in ROUTES, f"The route “{route}” has no row. Say in {TABLE} who may see it and who may act there."
    for row in ROUTES:
        assert row in routes(), f"The row “{row}” of {TABLE} has no route. Take it out."


def values(world: World, route: str, pattern: str) -> dict[str, object]:
    """What stands in the address of a route."""
    row = next((row for model, row in world.rows.items() if f":{model}_" in route or _folder(model) in pattern), None)
    asks = "ask" in route or "preview" in route
    return {
        "condition": world.poems.slug,
        "article": (world.draft.article_id if asks else world.public.article_id) if ":desk_" in route else "prognosis",
        "number": _number(world, route),
        "review": world.approved.pk,
        "publication": world.due.pk if "due_again" in route else world.public.pk,
        "reviewer": "clara",
        "part": "site",
        "letter": "p",
        "key": "false-key",
        "uidb36": "1",
        "pk": world.key.pk,
        "object_id": row.pk if row is not None else world.draft.article_id,
        "id": world.people["member"].pk,
        "person": world.people["another member"].pk,
        "link": world.link.pk,
        "content_type_id": ContentType.objects.get(app_label="articles", model="article").pk,
        "app_label": "articles",
        "url": "nothing-here",
        "rest": "nothing-here",
    }


def _number(world: World, route: str) -> int:
    """What `number` is on a route: a membership, a community or a version."""
    if route in {"membership", "leave"}:
        return int(world.membership.pk)
    return int(world.community.pk if route == "admin:community_members" else world.draft.number)


def _folder(model: str) -> str:
    return f"admin/{model.replace('_', '/')}/<"


def address(world: World, route: str) -> str:
    """The address of a route in the world."""
    pattern = routes()[route]
    found = values(world, route, pattern)
    plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^)]*\))*\)", r"<\1>", pattern).replace("^", "").replace("$", "")
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(found[part[1]]), plain)
    if route == "admin:autocomplete":
        path += "?" + urlencode({"app_label": "articles", "model_name": "article", "field_name": "condition"})
    if route == "infobutton":
        path += "?" + urlencode({"mainSearchCriteria.v.dn": "POEMS syndrome"})
    return path


def answer(response: HttpResponse) -> str:
    """What became of a GET, in the words of the table."""
    match response.status_code:
        case 302 if DOOR.match(response.headers["Location"]):
            return "refused"
        case 301 | 302:
            return "sent_on"
        case status:
            return {200: "shown", 403: "refused", 404: "nothing", 405: "form_only"}.get(status, str(status))


def expected(row: Row, role: str) -> str:
    """What the table says."""
    for word in ("shown", "sent_on", "nothing", "form_only"):
        if role in getattr(row, word):
            return word
    return "refused"


@pytest.mark.once  # who is shown what does not hang on the database
@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_route_is_shown_to_whom_the_table_says_and_looking_changes_nothing(world: World, role: str) -> None:
    found = []
    for route, row in ROUTES.items():
        with world.undone() as changed:
            response = world.browser(role).get(address(world, route))
        if answer(response) != expected(row, role):
            found.append(
                f"{route}: {response.status_code} {response.get('Location', '')}, {TABLE}: {expected(row, role)}"
            )
        if changed:
            found.append(f"{route}: looking changed {sorted(changed)}")
    assert not found, f"{role}:\n" + "\n".join(found)


def acts() -> dict[tuple[str, str], Roles]:
    """Every act of the table with whom it obeys; a route without one is sent an empty form, which obeys nobody."""
    return {
        (route, act): allowed
        for route, row in ROUTES.items()
        for act, allowed in (row.acts or {"an empty form": NOBODY}).items()
    }


def test_every_act_of_the_table_is_tried_with_a_lawful_form(forms: Forms) -> None:
    assert {(route, act) for route, row in ROUTES.items() for act in row.acts} == set(forms)


@pytest.mark.postgresql  # where a role of the database stands behind the site's own rules
@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_act_obeys_whom_the_table_says_and_nobody_else(world: World, forms: Forms, role: str) -> None:
    found = []
    for (route, act), allowed in acts().items():
        path, form = forms.get((route, act)) or (address(world, route), {})
        with world.undone() as changed:
            response = world.browser(role).post(path, form(role) if callable(form) else form)
        if response.status_code >= 500:
            found.append(f"{route}, {act}: {response.status_code}")
        if bool(changed) != (role in allowed):
            found.append(
                f"{route}, {act}: {response.status_code}, changed {sorted(changed)}, {TABLE}: {sorted(allowed)}"
            )
        if any("never changes" in table for table in changed):
            found.append(f"{route}, {act}: {sorted(changed)}")
    assert not found, f"{role}:\n" + "\n".join(found)


@pytest.fixture(scope="module")
def forms(world: World) -> Forms:
    """For each act of the table a lawful form: its address and its fields, or what makes them for a role."""
    return {**reader_forms(world), **account_forms(world), **admin_forms(world), **desk_forms(world)}


def reader_forms(world: World) -> Forms:
    """What a reader sends."""

    def report(role: str) -> dict[str, str]:
        words = f"The figure in the second part is wrong, says the {role}."
        return {"kind": "mistake", "words": words, "form_token": feedback.token(world.public)}

    def suggest(role: str) -> dict[str, str]:
        fields = {"url": "https://forum.example.org/", "why": f"It helped me, says the {role}."}
        return {**fields, "form_token": suggestions.token(world.poems)}

    def report_link(role: str) -> dict[str, str]:
        return {"kind": "other", "words": f"Says the {role}.", "form_token": suggestions.token(world.link)}

    said = {"relation": "works", "consent_version": consents.CURRENT}
    joining = {**said, "consent_join": "on", "email": "new@example.org"}
    return {
        ("feedback", "report a mistake"): (address(world, "feedback"), report),
        ("suggest", "suggest a link"): (address(world, "suggest"), suggest),
        ("report-link", "report a link"): (address(world, "report-link"), report_link),
        ("infobutton", "ask for a name"): ("/infobutton", {"mainSearchCriteria.v.dn": "POEMS syndrome"}),
        ("join", "join"): (address(world, "join"), joining),
        ("membership", "change what is kept"): (address(world, "membership"), said),
        ("leave", "leave"): (address(world, "leave"), {}),
        ("erase", "erase"): (address(world, "erase"), {"sure": "on"}),
    }


def account_forms(world: World) -> Forms:
    """The acts of somebody on their own account."""
    new = {"password1": "another long password", "password2": "another long password"}

    def another(role: str) -> str:
        return str(world.people["publisher" if role == "member" else "member"].email)

    acts: dict[tuple[str, str], Any] = {
        ("account_login", "sign in"): {"login": people.publisher().email, "password": people.PASSWORD},
        ("account_code", "ask for a code"): {"email": "member@example.org"},
        ("account_code_again", "send me a code"): {},
        ("account_signup", "sign up"): {"email": "new@example.org", **new},
        ("account_email", "add an address"): {"action_add": "", "email": "new@example.org"},
        ("account_email", "remove another's address"): lambda role: {"action_remove": "", "email": another(role)},
        ("account_change_password", "change the password"): {"oldpassword": people.PASSWORD, **new},
        ("account_change_password", "change it without the old one"): {"oldpassword": "a guess", **new},
        ("account_set_password", "set a password"): new,
        ("account_reset_password", "ask for a letter"): {"email": people.publisher().email},
        ("account_reset_password_from_key", "reset with a false key"): new,
        ("admin:accounts_user_second_factor", "reset a lost second factor"): {"why": "It fell into a lake."},
        ("mfa_deactivate_totp", "give the app up"): {},
        ("mfa_generate_recovery_codes", "make new codes"): {},
        ("mfa_add_webauthn", "add a key that is none"): {"name": "Key", "credential": '{"id": "none"}'},
        ("mfa_remove_webauthn", "remove a key"): {},
        ("mfa_edit_webauthn", "rename a key"): {"name": "Another name"},
        ("mfa_login_webauthn", "sign in with a key that is none"): {"credential": '{"id": "none"}'},
        ("admin:password_change", "change the password"): {
            "old_password": people.PASSWORD,
            "new_password1": new["password1"],
            "new_password2": new["password1"],
        },
        ("admin:auth_user_password_change", "set another's password"): {"usable_password": "true", **new},
    }
    return {(route, act): (address(world, route), form) for (route, act), form in acts.items()}


def admin_forms(world: World) -> Forms:
    """The stock forms of the admin: what stands in them, and one thing new; where there is none, a forged one."""
    root, found = world.browser("superuser"), {}
    for model, rights in MODELS.items():
        for act, allowed in (("add", rights.add), ("change", rights.change)):
            path = address(world, f"admin:{model}_{act}")
            fields = filled(root, path) if allowed else forged(world.rows[model])
            found[f"admin:{model}_{act}", act] = (path, {**fields, **typed(world).get(f"{act} {model}", {})})
        found[f"admin:{model}_delete", "delete"] = (address(world, f"admin:{model}_delete"), {"post": "yes"})
    # A request, a link, and what a reader said, are changed by the verbs of the desk alone.
    for model in ("reviews_reviewrequest", "reviews_feedback", "community_link"):
        del found[f"admin:{model}_change", "change"]
    return found


def typed(world: World) -> dict[str, dict[str, Any]]:
    """What is typed into the stock forms."""
    password = "another long password"
    sam, today = world.people["plain staff"].pk, make.today()
    licence = {"profession": "Physician", "register": "New Register", "number": "NEW"}
    return {
        "add auth_group": {"name": "New"},
        "change auth_group": {"name": "New"},
        "add account_emailaddress": {"user": sam, "email": "new@example.org"},
        "change account_emailaddress": {"verified": "on"},
        "add accounts_user": {
            "email": "new@example.org",
            "usable_password": "true",
            "password1": password,
            "password2": password,
        },
        "change accounts_user": {"name": "New"},
        "add articles_condition": {"slug": "new", "names-0-text": "New", "names-0-kind": "preferred"},
        "change articles_condition": {"definition": "New."},
        "add articles_article": {
            "condition": world.castleman.pk,
            "topic": "outlook",
            "slug": "new",
            "question": "What is new?",
        },
        "change articles_article": {"body": "New words."},
        "add reviews_reviewer": {"user": sam, "name": "Sam", "slug": "sam", "specialty": "New", "since": today},
        "change reviews_reviewer": {"specialty": "New"},
        "add reviews_credential": {"reviewer": people.clinician("Lars").pk, **licence},
        "change reviews_credential": licence,
        "add reviews_credentialcheck": {
            "credential": world.unchecked.pk,
            "checked_on": today,
            "valid_from": today,
            "valid_until": today + dt.timedelta(30),
        },
        "add reviews_checklist": {"points": "A new point."},
        "add pages_sitetext": {"key": "contact", "words": "Write to us."},
        "add community_community": {"condition": world.wilson.pk},
    }


def filled(client: Client, path: str) -> dict[str, Any]:
    """The fields of a form of the admin, its inlines too, as they stand on the screen."""
    context = client.get(path).context
    inlines = [inline.formset for inline in context["inline_admin_formsets"]]
    shown = [context["adminform"].form, *(form for rows in inlines for form in (rows.management_form, *rows.forms))]
    found = {}
    for field in (field for form in shown for field in form):
        widget, value = field.field.widget, field.value()
        if isinstance(widget, MultiWidget):
            parts = enumerate(widget.decompress(value))
            found.update({f"{field.html_name}_{number}": part for number, part in parts if part is not None})
        elif value is not None and value is not False:
            found[field.html_name] = value
    return found


def forged(row: models.Model) -> dict[str, str]:
    """A form that names every column of a row."""
    return dict.fromkeys((field.name for field in row._meta.fields), "1") | {"post": "yes", "_save": "1"}


def member_forms(world: World) -> Forms:
    """What moderators do with members."""
    here = address(world, "admin:community_members")
    number, why = world.membership.pk, "Forty in a minute."
    return {
        ("admin:community_members", "let those count who are held"): (here, {"act": "release"}),
        ("admin:community_members", "strike out a robot"): (here, {"act": "strike_out", "numbers": number, "why": why}),
        ("admin:community_members", "look at who somebody is"): (here, {"act": "look", "number": number}),
    }


def desk_forms(world: World) -> Forms:
    """The verbs of the desk."""
    queue, decision = (
        "admin:reviews_reviewrequest_change",
        {"scope": "whole", "months": 12, "conflicts": "None declared"},
    )
    said = address(world, "admin:reviews_feedback_change")
    link = "admin:community_link_change"
    suggested, shown = (reverse(link, args=[row.pk]) for row in (world.suggested, world.link))
    words = {"title": "Sample", "kind": "peers"}
    waiting, claimed = (reverse(queue, args=[row.pk]) for row in (world.waiting, world.claimed))
    decision |= {"digest": world.waiting.revision.digest, "private_note": "Name the dose.", "ticked": [1, 2]}
    return {
        **member_forms(world),
        ("admin:accounts_letter_try_again", "try again"): (address(world, "admin:accounts_letter_try_again"), {}),
        ("admin:accounts_letter_try_all_again", "try all again"): (
            address(world, "admin:accounts_letter_try_all_again"),
            {},
        ),
        ("admin:desk_ask", "ask"): (address(world, "admin:desk_ask"), {}),
        ("admin:desk_publish", "publish"): (address(world, "admin:desk_publish"), {}),
        ("admin:desk_withdraw", "withdraw"): (address(world, "admin:desk_withdraw"), {"why": "A wrong figure."}),
        ("admin:desk_due_again", "claim"): (address(world, "admin:desk_due_again"), {}),
        ("admin:reviews_feedback_change", "close"): (said, {"act": "close", "outcome": "nothing"}),
        ("admin:reviews_feedback_change", "ask for a review"): (said, {"act": "ask", "why": "A reader asks."}),
        ("admin:community_link_changelist", "refuse many"): (
            address(world, "admin:community_link_changelist"),
            {"act": "refuse", "ready": "sells", "links": [world.suggested.pk]},
        ),
        (link, "accept"): (suggested, {"act": "accept", **words}),
        (link, "refuse"): (suggested, {"act": "refuse", "ready": "sells"}),
        (link, "change the words"): (shown, {"act": "edit", **words}),
        (link, "take down"): (shown, {"act": "down", "own": "It is a shop now."}),
        (link, "close a report"): (shown, {"act": f"close-{world.report.pk}", "outcome": "kept"}),
        (link, "erase words"): (suggested, {"act": "erase"}),
        (queue, "claim"): (waiting, {"act": "claim"}),
        (queue, "hand back"): (claimed, {"act": "hand_back"}),
        (queue, "take back"): (waiting, {"act": "take_back"}),
        (queue, "approve"): (waiting, {**decision, "act": "approve"}),
        (queue, "approve and publish"): (waiting, {**decision, "act": "approve_and_publish"}),
        (queue, "ask for changes"): (waiting, {**decision, "act": "changes"}),
    }
