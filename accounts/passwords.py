"""What a password may not be made of."""

from django.conf import settings
from django.core.exceptions import ValidationError

# What a guesser tries first at this site; the name and the address of the site come to it.
WORDS = ("rounds", "password", "medical", "review", "clinician", "author", "publisher", "admin")
LEFT = 8


class OwnWordsValidator:
    """Refuses a password that is little more than words of the site."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError where fewer than eight characters are left without those words."""
        left = password.casefold()
        host = settings.SITE_URL.split("://")[1].casefold()
        for word in sorted({*WORDS, *settings.SITE_NAME.casefold().split(), *host.split(".")}, key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < LEFT:
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        """The rule as people are told it."""
        return f"Without words of this site, such as its name, the password must have {LEFT} characters or more."
