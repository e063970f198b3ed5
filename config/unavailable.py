"""What a visitor is told when something breaks: that the database cannot work now, or that the fault is ours."""

import logging
import re
import sqlite3
import sys

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render

from pages import errors

RETRY_AFTER = 30

logger = logging.getLogger(__name__)

FULL = "The disk of this site is full."
READ_ONLY = "This site can be read and cannot be written to."
BUSY = "Too many people are writing at this moment."
SILENT = "The database behind this site does not answer."
UNREADABLE = "What is stored for this page cannot be read."

# SQLite's primary result codes and PostgreSQL's SQLSTATE.
REASONS: dict[object, str] = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: READ_ONLY,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CANTOPEN: SILENT,
    sqlite3.SQLITE_NOMEM: SILENT,
    "53100": FULL,
    "25006": READ_ONLY,
    "40001": BUSY,
    "40P01": BUSY,
    "55P03": BUSY,
}

# Fields that nobody types into, and those that are never shown again.
UNTYPED = {"act", "based_on", "digest", "seen", "ticked"}
SECRET = re.compile(r"^code$|credential$|key|pass|secret|token", re.IGNORECASE)


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    """The answer to an error that nobody caught, wherever it came from: 503 if the database cannot work, else 500.

    Needs neither database nor session.
    """
    why = reason(sys.exc_info()[1])
    if not why:
        return errors.server_error(request)
    if why == UNREADABLE:
        logger.critical("%s holds a row that cannot be read. Run verify_record.", request.path)
    response = render(
        request,
        "errors/unavailable.html",
        {"status": 503, "why": why, "sent": request.method == "POST", "typed": typed(request)},
        status=503,
    )
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def reason(error: BaseException | None) -> str:
    """Why the database cannot work now, as a sentence for visitors; empty where the fault is in the program."""
    if not isinstance(error, Error):
        return ""
    # SQLite says OperationalError to a wrong statement too, so there its code decides.
    if "Could not decode" in str(error):  # SQLite, of a text that somebody damaged
        return UNREADABLE
    if (code := getattr(error.__cause__, "sqlite_errorcode", None)) is not None:
        return REASONS.get(code & 0xFF, "")
    if why := REASONS.get(getattr(error.__cause__, "sqlstate", None)):
        return why
    return SILENT if isinstance(error, OperationalError | InterfaceError) else ""


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a form that was sent, to be shown again: label and text, without secrets and buttons."""
    try:
        sent = list(request.POST.lists())
    except (BadRequest, MultiPartParserError, OSError, SuspiciousOperation):
        return []
    return [
        (name.replace("_", " ").capitalize(), value)
        for name, values in sent
        if not (name.startswith("_") or name in UNTYPED or SECRET.search(name))
        for value in values
        if value.strip()
    ]
