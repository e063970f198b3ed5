"""The web role in PostgreSQL can do what the site needs, and can neither lift a guard nor go round one (way 33)."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test import Client
from psycopg.conninfo import make_conninfo

from accounts import guards, roles
from articles.guards import NEVER_CHANGING as TEXTS
from articles.models import Revision
from pages.guards import NEVER_CHANGING as WORDS
from reviews.guards import NEVER_CHANGING as SIGNATURES
from reviews.models import CredentialCheck, Publication, Review
from tests import make, people
from tests.conftest import WEB_ROLE, as_owner
from tests.database import sql

pytestmark = pytest.mark.django_db
postgresql = pytest.mark.postgresql

NEVER_CHANGING = [model._meta.db_table for model in (*TEXTS, *SIGNATURES, *WORDS)]
ROOT = Path(__file__).resolve().parent.parent.parent


def denied(*statements: str) -> None:
    """Expect PostgreSQL itself to refuse each statement, for want of a right."""
    for statement in statements:
        with pytest.raises(ProgrammingError) as refused, transaction.atomic():
            sql(statement)
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege), statement


@postgresql
def test_the_tests_run_as_a_role_that_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (WEB_ROLE, False)
    assert roles.power() == ""
    assert list(roles.check_roles()) == []


@postgresql
def test_it_lifts_no_guard() -> None:
    before = guards.missing()
    for guard in (guard for guard in guards.registered() if guard.create("postgresql")):
        denied(
            f"ALTER TABLE {guard.table} DISABLE TRIGGER {guard.name}",
            f"DROP TRIGGER {guard.name} ON {guard.table}",
            f"DROP FUNCTION {guard.name}() CASCADE",
        )
    denied(
        "SET session_replication_role = replica",
        "ALTER TABLE reviews_review DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION reviewer_is_not_author() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NEW; END'",
        "ALTER FUNCTION reviewer_is_not_author() SET search_path = elsewhere",
        f"ALTER TABLE reviews_review OWNER TO {WEB_ROLE}",
        "ALTER TABLE reviews_review DROP CONSTRAINT approval_has_an_end",
        "DROP TABLE reviews_review CASCADE",
        "CREATE RULE swallow AS ON INSERT TO reviews_withdrawal DO INSTEAD NOTHING",
        "CREATE TRIGGER later BEFORE INSERT ON reviews_review FOR EACH ROW EXECUTE FUNCTION reviewer_is_not_author()",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('reviews', '0099', now())",
    )
    assert guards.missing() == before == []


@postgresql
def test_what_never_changes_it_may_only_read_and_add_to() -> None:
    make.publication().withdraw(by=people.publisher(), why="It is wrong.")
    for table in NEVER_CHANGING:
        denied(f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE")
    denied("DELETE FROM reviews_reviewer", "DELETE FROM reviews_reviewrequest")


@postgresql
def test_no_table_may_be_emptied_or_made() -> None:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    denied(*(f"TRUNCATE {table} CASCADE" for table in tables), "CREATE TABLE mine (id int)", "CREATE SCHEMA mine")


@postgresql
def test_a_temporary_table_is_not_read_in_the_place_of_ours() -> None:
    denied("CREATE TEMPORARY TABLE reviews_reviewer (id bigint, user_id bigint, name text, suffix text)")
    # And where somebody let the role make them, the guards look past them.
    review = make.review()
    with as_owner():
        sql("CREATE TEMPORARY TABLE reviews_credential (id bigint, reviewer_id bigint)")
        sql(f"GRANT ALL ON pg_temp.reviews_credential TO {WEB_ROLE}")
    check = review.credential_check
    with pytest.raises(DatabaseError, match="checker_is_not_the_reviewer"), transaction.atomic():
        CredentialCheck.objects.create(
            credential_id=check.credential_id,
            checked_by=review.reviewer.user,
            checked_on=make.today(),
            valid_from=make.today(),
            valid_until=make.today(),
        )


@postgresql
def test_a_whole_round_needs_no_other_right(client: Client) -> None:
    publication = make.publication()
    make.community(publication.article.condition, members=12)
    assert client.get(publication.article.get_absolute_url()).status_code == 200
    publication.withdraw(by=people.publisher(), why="It is wrong.")
    assert client.get(publication.article.get_absolute_url()).status_code == 410
    call_command("verify_record", verbosity=0)


@postgresql
def test_a_guard_refuses_the_web_role_too() -> None:
    review = make.review()
    with pytest.raises(DatabaseError, match="publication_is_of_its_article"), transaction.atomic():
        Publication.objects.create(article=make.article("other"), review=review, published_by=people.publisher())
    assert Review.objects.exists()


# The command and the check


@postgresql
@pytest.mark.owner
def test_the_owner_is_warned_of_on_deployment() -> None:
    (warning,) = roles.check_roles()
    assert warning.id == "accounts.W001"
    assert "owns the tables, so it could go round every guard" in warning.msg


@postgresql
@pytest.mark.owner
@pytest.mark.parametrize(
    ("role", "why"), [("nobody_here", "There is no role"), ("postgres", "is a superuser or owns the tables")]
)
def test_a_role_that_cannot_be_the_web_role_is_refused(role: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("grant_web", role)


@postgresql
@pytest.mark.owner
def test_granting_again_takes_away_what_somebody_added() -> None:
    sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {WEB_ROLE}")
    sql(f"GRANT ALL ON SCHEMA public TO {WEB_ROLE}")
    call_command("grant_web", WEB_ROLE, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, array_agg(privilege_type::text ORDER BY privilege_type) "
            "FROM information_schema.role_table_grants WHERE grantee = %s GROUP BY 1",
            [WEB_ROLE],
        )
        granted = dict(cursor.fetchall())
        cursor.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [WEB_ROLE])
        assert cursor.fetchone() == (False,)
    assert granted["reviews_review"] == ["INSERT", "SELECT"]
    assert granted["accounts_letter"] == ["DELETE", "INSERT", "SELECT", "UPDATE"]
    assert granted["reviews_reviewrequest"] == ["INSERT", "SELECT", "UPDATE"]


def test_sqlite_has_no_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "vendor", "sqlite")
    with pytest.raises(CommandError, match="SQLite has no roles"):
        call_command("grant_web", "rounds_web")
    assert roles.power() == ""


@postgresql
@pytest.mark.django_db(transaction=True)
def test_migrate_acts_as_the_owner_and_the_site_as_the_web_role() -> None:
    """With both addresses set, as a process of its own: it signs in as the web role, not by SET ROLE."""
    with as_owner():
        sql(f"ALTER ROLE {WEB_ROLE} LOGIN PASSWORD 'for the tests'")
    known = connection.get_connection_params()
    host, name = known.get("host", ""), known["dbname"]
    environment = {
        "PATH": "",
        "SECRET_KEY": "".join(chr(65 + number % 50) for number in range(60)),
        "SECOND_FACTOR_KEYS": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        "SITE_URL": "https://rounds.example",
        "ALLOWED_HOSTS": "rounds.example",
        "EMAIL_URL": "memorymail://",
        "DATABASE_URL": f"postgres://{WEB_ROLE}:for%20the%20tests@/{name}?host={host}",
        "MIGRATE_DATABASE_URL": f"postgres://{known.get('user', '')}@/{name}?host={host}",
    }

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    migrated = manage("migrate", "--verbosity=0")
    assert migrated.returncode == 0, migrated.stderr
    granted = manage("grant_web", WEB_ROLE)
    assert granted.returncode == 0, granted.stderr
    deploy = manage("check", "--deploy", "--fail-level", "WARNING")
    assert deploy.returncode == 0, deploy.stderr
    address = make_conninfo(dbname=name, host=host, user=WEB_ROLE, password="for the tests")
    with psycopg.connect(address) as web, pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute("DELETE FROM articles_revision")
    environment["DATABASE_URL"] = environment.pop("MIGRATE_DATABASE_URL")
    deploy = manage("check", "--deploy", "--fail-level", "WARNING")
    assert deploy.returncode == 1
    assert "accounts.W001" in deploy.stderr
    assert Revision.objects.count() == 0
