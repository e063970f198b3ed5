"""A small lawful world with one row of every kind in every state, its people, and what a request does to it."""

import datetime as dt
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection, models, transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from accounts.models import Letter, User
from articles.guards import NEVER_CHANGING as NEVER_CHANGING_TEXTS
from articles.models import ConditionCode, Revision
from community.guards import NEVER_CHANGING as NEVER_CHANGING_COMMUNITY
from community.models import Member, MemberLook, StrikeOut
from pages.guards import NEVER_CHANGING as NEVER_CHANGING_PAGES
from pages.models import CodeMiss, SiteText
from reviews.guards import NEVER_CHANGING as NEVER_CHANGING_REVIEWS
from reviews.models import Checklist, Credential, LedgerEntry

from . import make, people

NEVER_CHANGING = [*NEVER_CHANGING_TEXTS, *NEVER_CHANGING_REVIEWS, *NEVER_CHANGING_COMMUNITY, *NEVER_CHANGING_PAGES]
# Who is signed in, and what the stock admin notes when a lawful form is sent unchanged.
NOT_OURS = {"accounts_session", "accounts_tally", "django_admin_log"}
WRITES = re.compile(r'^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"(\w+)"', re.IGNORECASE)

Row = tuple[Any, ...]


def routes() -> dict[str, str]:
    """Every route of the site: its name, or its pattern where it has none, and its pattern."""
    return dict(_walk(get_resolver(), "", ()))


def _walk(resolver: URLResolver, before: str, spaces: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        pattern = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield (":".join([*spaces, entry.name]) if entry.name else pattern), pattern
        else:
            yield from _walk(entry, pattern, (*spaces, entry.namespace) if entry.namespace else spaces)


class World:
    """Rows in every state, and one browser for each role, signed in as far as that role gets."""

    def __init__(self) -> None:
        self.poems = make.condition("poems-syndrome", "POEMS syndrome", "Crow-Fukase syndrome")
        self.castleman = make.condition("castleman-disease", "Castleman disease")
        self.wilson = make.condition("wilson-disease", "Wilson disease")
        for condition, code in ((self.poems, "D016878"), (self.castleman, "D005871")):
            ConditionCode.objects.create(condition=condition, system="MeSH", code=code)
        self.people = self._people()
        # Public, with an approved newer version that nobody published.
        self.public = make.publication(make.review(self._text("prognosis", "outlook")))
        self.approved = make.review(make.revision(self.public.article, body="An opening.\n\n## Newer\n\nWords."))
        # Public, its review due within a month.
        self.due = make.publication(make.review(self._text("living", "living"), months=1))
        # Taken down.
        self.gone = make.publication(make.review(self._text("treatment", "treatment")))
        self.withdrawal = self.gone.withdraw(by=people.publisher(), why="A figure was wrong.")
        # In the queue: with nobody, with the clinician, sent back; and a draft.
        self.waiting = make.request(self._text("symptoms", "symptoms"))
        self.claimed = make.request(self._text("causes", "causes"))
        self.claimed.claim(by=people.clinician().user)
        sent_back = make.request(self._text("diagnosis", "diagnosis"))
        self.sent_back = sent_back.ask_for_changes(
            by=people.clinician().user, digest=sent_back.revision.digest, reason="Name the dose."
        )
        self.draft = self._text("research", "research")
        self.checklist = Checklist.objects.write("Every figure has a source.\nIt is clear.", by=people.publisher())
        self.site_text = SiteText.objects.write("funding", "A foundation pays.", by=people.publisher())
        self.unchecked = Credential.objects.create(
            reviewer=people.clinician("Lars"), profession="Physician", register="Other Register", number="UNCHECKED"
        )
        for name, condition in (("member", self.poems), ("another member", self.castleman)):
            make.community(condition).join(by=self.people[name], relation="self", consent_version="1")
        self.membership = Member.objects.get(user=self.people["member"])
        self.community = self.membership.community
        # One of a sudden rise, an account that was struck out, and a look at who somebody is.
        held = {"community": self.community, "relation": "self", "consent_version": "1", "is_held": True}
        Member.objects.create(user=people.person("held@example.org"), **held)
        self.struck_out = StrikeOut.objects.create(account=10**6, by=people.moderator(), why="Forty in a minute.")
        self.look = MemberLook.objects.create(community=self.community, by=people.superuser())
        for person in filter(None, self.people.values()):
            EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=False)
        another = self.people["another member"]
        totp = Authenticator.objects.create(user=another, type=Authenticator.Type.TOTP, data={"secret": "none"})
        self.key = Authenticator.objects.create(user=another, type=Authenticator.Type.WEBAUTHN, data=security_key())
        self.said = make.feedback(self.public)
        CodeMiss.objects.note("MeSH", "D006527")
        # A link that waits, and one that readers see and somebody reported.
        self.suggested = make.link(self.poems, title="Sample forum", kind="peers")
        self.link = make.shown_link(self.poems, url="https://foundation.example.org/")
        self.report = make.link_report(self.link)
        # A letter that the mail server refused.
        letter = Letter.objects.earliest("pk")
        Letter.objects.filter(pk=letter.pk).update(problem="No such mailbox", tries=1)
        self.rows: dict[str, models.Model] = {
            "auth_group": Group.objects.get(name="Authors"),
            "account_emailaddress": EmailAddress.objects.get(user=self.people["member"]),
            "mfa_authenticator": totp,
            "accounts_user": self.people["member"],
            "accounts_letter": letter,
            "articles_condition": self.poems,
            "articles_article": self.draft.article,
            "reviews_reviewrequest": self.waiting,
            "reviews_feedback": self.said,
            "reviews_reviewer": people.clinician(),
            "reviews_credential": self.unchecked,
            "reviews_credentialcheck": self.approved.credential_check,
            "reviews_checklist": self.checklist,
            "reviews_review": self.approved,
            "reviews_publication": self.public,
            "reviews_withdrawal": self.withdrawal,
            "reviews_ledgerentry": LedgerEntry.objects.earliest("pk"),
            "pages_sitetext": self.site_text,
            "pages_codemiss": CodeMiss.objects.get(),
            "community_link": self.suggested,
            "community_strikeout": self.struck_out,
            "community_memberlook": self.look,
            "community_community": make.Community.objects.get(condition=self.poems),
        }
        self.before: dict[str, dict[Any, Row]] = {
            model._meta.db_table: stored(model._meta.db_table) for model in apps.get_models(include_auto_created=True)
        }
        self._cookies = {role: self._signed_in(person) for role, person in self.people.items()}

    @staticmethod
    def _people() -> dict[str, Any]:
        """One person a role; a stranger is none."""
        lapsed = people.clinician("Lars")
        today = make.today()
        old = Credential.objects.get(reviewer=lapsed)
        old.revoke(by=people.registrar(), from_day=today - dt.timedelta(900), why="Entered by mistake.")
        old.record_check(
            by=people.registrar(), valid_from=today - dt.timedelta(800), valid_until=today - dt.timedelta(1)
        )
        return {
            "anonymous": None,
            "member": people.person("member@example.org"),
            "another member": people.person("another@example.org"),
            "author": people.author(),
            "clinician": people.clinician().user,
            "lapsed clinician": lapsed.user,
            "publisher": people.publisher(),
            "registrar": people.registrar(),
            "moderator": people.moderator(),
            "plain staff": people.person("sam@example.org", is_staff=True),
            "superuser": people.superuser(),
        }

    def _text(self, slug: str, topic: str) -> Revision:
        return make.revision(make.article(slug, of=self.poems, topic=topic), question=f"What about {slug}?")

    @staticmethod
    def _signed_in(person: User | None) -> str:
        """The cookies of somebody who gave their password a moment ago; of staff, with a second factor."""
        client = Client()
        if person is not None:
            client.force_login(person)
            request = RequestFactory().get("/")
            request.session = client.session
            for method in ["password", *["mfa"] * person.is_staff]:
                record_authentication(request, person, method, reauthenticated=True)
            request.session.save()
        return client.cookies.output(header="", sep=";")

    def browser(self, role: str) -> Client:
        """A browser of this role."""
        client = Client(raise_request_exception=False)
        client.cookies = SimpleCookie(self._cookies[role])
        return client

    @contextmanager
    def undone(self) -> Iterator[set[str]]:
        """Do something and undo it; the set holds afterwards which tables of ours it had changed."""
        touched: set[str] = set()

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            if match := WRITES.match(sql):
                touched.add(match[1])
            return execute(sql, *rest)

        changed: set[str] = set()
        # Thousands of refusals, each with its traceback, would take longer to write than to bring about.
        logging.disable()
        try:
            with transaction.atomic():
                with connection.execute_wrapper(note):
                    yield changed
                changed |= {table for table in touched - NOT_OURS if stored(table) != self.before[table]}
                for model in NEVER_CHANGING:
                    table = model._meta.db_table
                    if table in changed and not self.before[table].items() <= stored(table).items():
                        changed.add(f"a row of {table} that never changes")
                transaction.set_rollback(True)
        finally:
            logging.disable(logging.NOTSET)
            cache.clear()


def security_key() -> dict[str, Any]:
    """What is kept of a security key that somebody added."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())  # type: ignore[no-untyped-call]
    credential = AttestedCredentialData.create(Aaguid.NONE, b"a key", public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(sha256(b"testserver"), flags, 1, credential)
    answer = {
        "clientDataJSON": CollectedClientData.create("webauthn.create", b"challenge", "http://testserver"),
        "attestationObject": AttestationObject.create("none", data, {}),
    }
    coded = {name: websafe_encode(value) for name, value in answer.items()}
    known = websafe_encode(credential.credential_id)
    return {"name": "Key", "credential": {"id": known, "rawId": known, "type": "public-key", "response": coded}}


def stored(table: str) -> dict[Any, Row]:
    """Every row of a table by its key, as the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        columns = [column[0] for column in cursor.description]
        key = columns.index("id") if "id" in columns else 0
        return {row[key]: tuple(map(str, row)) for row in cursor.fetchall()}
