"""Sessions that know whose they are, so that their owner sees and ends them; how long one lasts.

Django asks for a module with a class of this name (SESSION_ENGINE).
"""

import time
from typing import TYPE_CHECKING, Any

from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

if TYPE_CHECKING:
    from .models import Session

# Nobody came for so long: the session is over. A form that was opened in time may still be sent an hour later.
IDLE_SECONDS = 12 * 60 * 60
FORM_SECONDS = 60 * 60
# However busy it was, it ends so long after the sign-in.
LONGEST_SECONDS = 14 * 24 * 60 * 60
# How exactly it is known when somebody was last here: a row is written so often at most.
SEEN_SECONDS = 5 * 60


class SessionStore(db.SessionStore):
    """Django's sessions in the database, with their owner, their beginning and their last use."""

    @classmethod
    def get_model_class(cls) -> "type[Session]":
        """The table with the owner in it."""
        from .models import Session

        return Session

    def create_model_instance(self, data: dict[str, Any]) -> "Session":
        """The row to be kept: its owner is whoever is signed in."""
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]  # of get_model_class()
        row.user_id = data.get(SESSION_KEY)
        return row

    def save(self, must_create: bool = False) -> None:
        """Keep it; with the sign-in its time begins."""
        if SESSION_KEY in self and "since" not in self:
            self["since"] = self["seen"] = time.time()
        super().save(must_create=must_create)


def over(data: SessionBase | dict[str, Any], *, grace: int = 0) -> bool:
    """Whether a session with these data is too old, or was idle for too long."""
    now = time.time()
    idle, age = now - data.get("seen", 0), now - data.get("since", 0)
    return bool(idle > IDLE_SECONDS + grace or age > LONGEST_SECONDS)


def outlived(request: HttpRequest) -> bool:
    """Whether the session of somebody signed in is over; if not, they were seen now."""
    session = request.session
    if over(session, grace=FORM_SECONDS if request.method == "POST" else 0):
        return True
    if SEEN_SECONDS < time.time() - session["seen"] <= IDLE_SECONDS:  # a form sent late brings nothing back to life
        session["seen"] = time.time()
    return False


def in_use(request: HttpRequest) -> bool:
    """Whether somebody is signed in; a session that is over ends here. Open views that look at who asks call it."""
    if request.user.is_authenticated and outlived(request):
        logout(request)
    return request.user.is_authenticated
