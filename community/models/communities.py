"""The people of one condition, and how many they are."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.urls import reverse

from accounts.models import Tally
from accounts.refusals import NotAllowed, Refusal
from articles.models import Condition

from .members import Consent, Member, country_known
from .moderation import MemberLook, StrikeOut

if TYPE_CHECKING:
    from accounts.models import User

DAY = dt.timedelta(days=1)
# So many from one block of addresses join one community in a day; those who come after are held too.
MEMBERS_A_DAY_OF_A_BLOCK = 20
TRIES = 5


@dataclass(frozen=True)
class Drift:
    """A count that was not the number of its members."""

    community: "Community"
    said: int
    members: int

    def __str__(self) -> str:
        return f"{self.community} said {self.said:,} members and has {self.members:,}"


class CommunityManager(models.Manager["Community"]):
    """Communities."""

    def drifted(self) -> "list[Community]":
        """Those whose count was not the number of members when it was read: none, while the guards stand."""
        counted = models.Count("members", filter=models.Q(members__is_held=False))
        return list(self.annotate(members_now=counted).exclude(member_count=models.F("members_now")).order_by("pk"))

    def recount(self, *, mend: bool = True) -> list[Drift]:
        """Every count that is wrong, set right unless told not to. People may join and leave meanwhile."""
        found = (community.recount(mend=mend) for community in self.drifted())
        return [drift for drift in found if drift is not None]


class Community(models.Model):
    """The people of one condition, and how many they are."""

    condition = models.OneToOneField(Condition, on_delete=models.PROTECT, related_name="+")
    member_count = models.PositiveIntegerField(
        default=0, editable=False, help_text="Kept by a trigger on the members; nothing else writes it."
    )

    objects: ClassVar[CommunityManager] = CommunityManager()

    class Meta:
        verbose_name_plural = "communities"
        constraints = [models.CheckConstraint(condition=models.Q(member_count__gte=0), name="members_are_not_negative")]

    def __str__(self) -> str:
        return f"The {self.condition} community"

    def get_absolute_url(self) -> str:
        """The community's page."""
        return reverse("community", args=[self.condition.slug])

    def join(self, *, by: "User", relation: str, consent_version: str, country: str = "", caller: str = "") -> bool:
        """Add a person who consented; False if they are a member already, of whom nothing changes.

        A country is kept because they agreed to that by itself. On a day on which more join than MEMBERS_A_DAY, or
        MEMBERS_A_DAY_OF_A_BLOCK from the caller's block of addresses, they are held: members, but not counted until a
        moderator has looked. Raises Refusal.
        """
        country_known(country)
        if StrikeOut.objects.filter(account=by.pk).exists():
            raise Refusal("A moderator took this account for a program and struck it out. Write to us if you are not.")
        mine = Member.objects.filter(community=self, user=by)
        if mine.exists():  # asked first: PostgreSQL writes a row that it refuses into its log, with all that is in it
            return False
        said = {"relation": relation, "country": country, "consent_version": consent_version}
        for left in reversed(range(TRIES)):
            try:
                with transaction.atomic():
                    self._add(by, caller, **said)
            except IntegrityError:
                if mine.exists():
                    return False
                if not left:  # else they were a member and have left meanwhile, in another tab
                    raise
            else:
                return True
        return False

    def _add(self, person: "User", caller: str, *, country: str, consent_version: str, relation: str) -> None:
        person.hold()  # before the community, as whoever erases themselves does
        limits = {f"joined-{self.pk}": settings.MEMBERS_A_DAY}
        if caller:
            limits[f"joined-{self.pk}-{caller}"] = MEMBERS_A_DAY_OF_A_BLOCK
        sudden = [
            until for key, most in limits.items() if (until := Tally.objects.count_one(key, most=most, within=DAY))
        ]
        member = Member.objects.create(
            community=self,
            user=person,
            relation=relation,
            country=country,
            consent_version=consent_version,
            is_held=bool(sudden),
        )
        if country:
            Consent.objects.create(member=member, purpose=Consent.Purpose.COUNTRY, version=consent_version)

    def leave(self, *, by: "User") -> bool:
        """Delete the person's membership, consent included; False if there was none."""
        return Member.objects.filter(community=self).leave(by=by) == 1

    def release(self, *, by: "User") -> int:
        """Let those who were held count, and say how many. Raises NotAllowed."""
        if not by.has_perm("community.change_member"):
            raise NotAllowed(f"{by} may not release members. Moderators do.")
        with transaction.atomic():
            self._lock()
            return Member.objects.filter(community=self, is_held=True).update(is_held=False)

    @transaction.atomic
    def strike_out(self, numbers: Iterable[int], *, by: "User", why: str) -> int:
        """End memberships that no person stands behind, by their numbers; how many. Raises NotAllowed or Refusal.

        What is kept is the number of the account and the reason, and not of which community it was. An account that was
        struck out joins no community again.
        """
        if not by.has_perm("community.delete_member"):
            raise NotAllowed(f"{by} may not strike out members. Moderators do.")
        if not (why := why.strip()):
            raise Refusal("Say by what you tell that no person stands behind them. Name no person and no condition.")
        rows = Member.objects.filter(community=self, pk__in=list(numbers))
        StrikeOut.objects.bulk_create(
            StrikeOut(account=account, by=by, why=why) for account in sorted(rows.values_list("user", flat=True))
        )
        return rows.end()

    def look_at(self, number: int, *, by: "User") -> Member | None:
        """Who one member is, by number, or None; that somebody looked is recorded in either case. Raises NotAllowed."""
        if not by.has_perm("community.view_member"):
            raise NotAllowed(f"{by} may not see who the members are.")
        with transaction.atomic():
            MemberLook.objects.create(community=self, by=by)
            return Member.objects.select_related("user").filter(community=self, pk=number).first()

    @transaction.atomic
    def recount(self, *, mend: bool = True) -> Drift | None:
        """Compare the count with the members, and set it right; None where it is right.

        The row is locked first: whoever has joined and is not seen yet waits at it, and then adds to what is right.
        """
        said = self._lock()
        members = Member.objects.counted().filter(community=self).count()
        if said == members:
            return None
        if mend:
            Community.objects.filter(pk=self.pk).update(member_count=members)
        return Drift(self, said, members)

    def _lock(self) -> int:
        """Let nobody else change the count until the transaction ends; what it is."""
        return Community.objects.select_for_update(no_key=True).values_list("member_count", flat=True).get(pk=self.pk)
