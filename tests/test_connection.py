"""The connection of the tests is the one with which the site is served."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_connection_of_these_tests_is_set_as_the_site_sets_it() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT foreign_keys, recursive_triggers FROM pragma_foreign_keys, pragma_recursive_triggers"
            )
            assert cursor.fetchone() == (1, 1)
        else:
            cursor.execute("SELECT current_setting('TimeZone'), current_setting('session_replication_role')")
            assert cursor.fetchone() == ("UTC", "origin")
