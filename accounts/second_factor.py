"""The second factor: how long ago it was given, and asking for it once more inside the form of a signature."""

import time
from collections.abc import Iterable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import checks
from django.http import HttpRequest

from .codes import AgainForm

# A signature asks for it again after this time.
SIGNING_SECONDS = 5 * 60


def recent(request: HttpRequest, seconds: float = SIGNING_SECONDS) -> bool:
    """Whether this session passed a second factor within so many seconds; a demonstration asks for none."""
    if settings.ROUNDS_DEMO:
        return True
    if not request.user.is_authenticated:
        return False
    since = time.time() - seconds
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" and record.get("at", 0) > since for record in records)


class Confirmation:
    """What a form that signs carries: whether a code is needed, and why the one that was sent is none.

    The code travels in the form itself, in a field `code`, so that nothing else that was typed is lost.
    """

    error = ""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.needed = not recent(request)
        kinds: set[Any] = set()
        if self.needed:
            kinds.update(Authenticator.objects.filter(user_id=request.user.pk).values_list("type", flat=True))
        self.has_key = Authenticator.Type.WEBAUTHN in kinds
        self.has_app = Authenticator.Type.TOTP in kinds

    def given(self) -> bool:
        """Whether the signature may go on; a code that came with the form is tried, and counts once."""
        if not self.needed:
            return True
        if not self.request.POST.get("code", "").strip():
            self.error = (
                "You gave your second factor more than five minutes ago. Give it once more beside the button: "
                "what is signed is signed by you."
            )
            return False
        form = AgainForm({"code": self.request.POST["code"]}, user=self.request.user)
        if form.is_valid():
            form.save()
            self.needed = False
        else:
            self.error = " ".join(str(error) for error in form.errors["code"])
        return not self.needed


def check_demonstration(**kwargs: Any) -> Iterable[checks.CheckMessage]:
    """Deployment check `accounts.E002`: a demonstration lets staff in, and sign, without a second factor."""
    if settings.ROUNDS_DEMO:
        yield checks.Error(
            "ROUNDS_DEMO is on: staff come in and sign without a second factor.",
            hint="Take ROUNDS_DEMO out of the environment of a real site. See docs/operators.md.",
            id="accounts.E002",
        )
