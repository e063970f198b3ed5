"""The count of members is the database's own work: no cascade, bulk action or raw SQL leaves it wrong."""

from accounts.guards import Event, Guard, insert_only

from . import link_guards
from .models import LinkDecision, MemberLook, StrikeOut

NEVER_CHANGING = [LinkDecision, MemberLook, StrikeOut]

# Those who are held count only once a moderator has released them.
MEMBERS = "(SELECT count(*) FROM community_member m WHERE m.community_id = NEW.id AND m.is_held = {false})"


class CountGuard(Guard):
    """Refuses a count that did not come from the members.

    SQLite has one writer, so the count is compared with the rows. On PostgreSQL others may be joining at the
    same time, so the trigger on the members is let through by its depth.
    """

    def body(self) -> str:
        """The PostgreSQL body: as the SQLite one, but not inside another trigger."""
        return super().body().replace("IF (", "IF pg_trigger_depth() < 2 AND (")


EVENTS: list[tuple[Event, str, str]] = [("INSERT", "+", "NEW"), ("DELETE", "-", "OLD")]
FORGETTING: list[Event] = ["DELETE", "TRUNCATE"]

GUARDS = [
    *(
        Guard(
            name=f"member_is_counted_on_{event.lower()}",
            table="community_member",
            on=event,
            reads=("community_community",),
            then=f"UPDATE community_community SET member_count = member_count {step} 1 "
            f"WHERE id = {row}.community_id AND NOT {row}.is_held",
        )
        for event, step, row in EVENTS
    ),
    Guard(
        name="member_is_counted_on_release",
        table="community_member",
        on="UPDATE",
        reads=("community_community",),
        then="UPDATE community_community SET member_count = member_count + CASE WHEN NEW.is_held THEN -1 ELSE 1 END "
        "WHERE id = NEW.community_id AND NEW.is_held <> OLD.is_held",
    ),
    Guard(
        name="member_stays_in_the_community",
        table="community_member",
        on="UPDATE",
        when="NEW.community_id <> OLD.community_id OR NEW.user_id <> OLD.user_id",
        says="a membership is not moved, leave and join",
    ),
    Guard(
        name="members_are_never_truncated",
        table="community_member",
        on="TRUNCATE",
        says="delete members, so that they are counted",
    ),
    CountGuard(
        name="member_count_is_the_members",
        table="community_community",
        on="UPDATE",
        reads=("community_member",),
        when=f"(NEW.member_count <> OLD.member_count AND NEW.member_count <> {MEMBERS})",
        says="the count follows the members, it is not written by hand",
    ),
    Guard(
        name="community_begins_empty",
        table="community_community",
        on="INSERT",
        when="NEW.member_count <> 0",
        says="a community begins without members",
    ),
    Guard(
        name="country_figures_stay_as_they_were_shown",
        table="community_countrysnapshot",
        on="UPDATE",
        when="NEW.cells <> OLD.cells OR NEW.rest <> OLD.rest OR NEW.total <> OLD.total "
        "OR NEW.split_total <> OLD.split_total OR NEW.community_id <> OLD.community_id",
        says="other figures are a new row, which the rule allows or not",
    ),
    *(
        Guard(
            name=f"country_figures_are_not_forgotten_by_{event.lower()}",
            table="community_countrysnapshot",
            on=event,
            says="the next figures are measured by these",
        )
        for event in FORGETTING
    ),
    Guard(
        name="figure_of_a_past_year_stays",
        table="community_yearfigure",
        on="UPDATE",
        when="coalesce(NEW.figure, 0) <> coalesce(OLD.figure, 0) "
        "AND CAST(OLD.year AS text) < substr(CAST({today} AS text), 1, 4)",
        says="only the figure of the present year follows the members",
    ),
    *(guard for model in NEVER_CHANGING for guard in insert_only(model)),
    *link_guards.GUARDS,
]
