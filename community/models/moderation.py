"""What moderators did with members: whom they struck out as a robot, and that they looked at who somebody is."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class StrikeOut(models.Model):
    """That an account was struck out of a community as no person's, by whom and why; never of which community."""

    account = models.BigIntegerField(db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    why = models.CharField(max_length=300)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "struck-out account"
        constraints = [models.CheckConstraint(condition=~models.Q(why=""), name="strike_out_has_a_reason")]

    def __str__(self) -> str:
        return f"Account {self.account} struck out"


class MemberLook(models.Model):
    """That somebody looked at who a member of a community is. Not which member: that would be a second list of them."""

    community = models.ForeignKey("community.Community", on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "look at a member"
        verbose_name_plural = "looks at members"

    def __str__(self) -> str:
        return f"Look at a member, {self.at:%-d %B %Y at %H:%M} UTC"
