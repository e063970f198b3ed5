"""The browsers in which people are signed in."""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .. import sessions
from ..refusals import NotAllowed

if TYPE_CHECKING:
    from .users import User


class SessionManager(BaseSessionManager["Session"]):
    """The browsers in which people are signed in."""

    def open(self, user: "User") -> "list[Session]":
        """Those of a person that still count, newest use first."""
        rows = self.filter(user=user, expire_date__gt=timezone.now())
        known = user.get_session_auth_hash()
        valid = [row for row in rows if row.data.get(HASH_SESSION_KEY) == known and not sessions.over(row.data)]
        return sorted(valid, key=lambda row: row.seen_at, reverse=True)

    def sweep(self, user: "User") -> None:
        """Forget those of a person that are over."""
        self.filter(user=user, expire_date__lte=timezone.now()).delete()


class Session(AbstractBaseSession):
    """A browser with a cookie of ours: Django's session, and whose it is once they are signed in."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    objects: ClassVar[SessionManager] = SessionManager()

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.browser

    @classmethod
    def get_session_store_class(cls) -> type[sessions.SessionStore]:
        """What reads and writes these rows."""
        return sessions.SessionStore

    @property
    def data(self) -> dict[str, Any]:
        """What is kept in it."""
        return self.get_decoded()

    @property
    def name(self) -> str:
        """What a page may call it by: whoever has the key itself is signed in."""
        return salted_hmac("accounts.Session.name", self.session_key).hexdigest()[:20]

    @property
    def browser(self) -> str:
        """The browser and system, as far as it told."""
        return in_words(self.data.get("browser", ""))

    @property
    def since(self) -> dt.datetime:
        """When they signed in."""
        return dt.datetime.fromtimestamp(self.data.get("since", 0), dt.UTC)

    @property
    def seen_at(self) -> dt.datetime:
        """When they were last here, to five minutes."""
        return dt.datetime.fromtimestamp(self.data.get("seen", 0), dt.UTC)

    def end(self, *, by: "User") -> None:
        """Sign that browser out; its next request is a stranger's."""
        if self.user_id != by.pk:
            raise NotAllowed("You can sign out your own browsers only.")
        self.delete()


BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac"} | {
    "Linux": "Linux"
}


def in_words(user_agent: str) -> str:
    """A browser as a person would call it, such as “Firefox on Windows”."""
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), "A browser")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser
