"""What the database itself holds about communities: the count is its own work, and links follow what was decided.

No cascade, bulk action or raw SQL leaves the count wrong, or shows a link that no moderator accepted.
"""

from accounts.guards import Event, Guard, dated_by_the_database, insert_only, never_replaced

from .models import Link, LinkDecision, LinkReport

NEVER_CHANGING = [LinkDecision]

MEMBERS = "(SELECT count(*) FROM community_member m WHERE m.community_id = NEW.id)"

# SQL over OLD and NEW, a link: something that only a decision changes, and how the last decision, d, has it.
WORDS = ("title", "description", "kind", "language", "country")
CHANGED = "coalesce(NEW.decided_by_id, 0) <> coalesce(OLD.decided_by_id, 0) OR " + " OR ".join(
    f"NEW.{column} <> OLD.{column}" for column in ("decision", "reason", *WORDS)
)
AS_DECIDED = " AND ".join(
    (
        "d.by_id = NEW.decided_by_id",
        "d.why = NEW.reason",
        "NEW.decision = CASE d.act WHEN 'refuse' THEN 'refused' WHEN 'down' THEN 'down' ELSE 'accepted' END",
        *(f"d.{column} = NEW.{column}" for column in WORDS),
    )
)


class CountGuard(Guard):
    """Refuses a count that did not come from the members.

    SQLite has one writer, so the count is compared with the rows. On PostgreSQL others may be joining at the
    same time, so the trigger on the members is let through by its depth.
    """

    def body(self) -> str:
        """The PostgreSQL body: as the SQLite one, but not inside another trigger."""
        return super().body().replace("IF (", "IF pg_trigger_depth() < 2 AND (")


EVENTS: list[tuple[Event, str, str]] = [("INSERT", "+", "NEW"), ("DELETE", "-", "OLD")]

GUARDS = [
    *(
        Guard(
            name=f"member_is_counted_on_{event.lower()}",
            table="community_member",
            on=event,
            reads=("community_community",),
            then=f"UPDATE community_community SET member_count = member_count {step} 1 WHERE id = {row}.community_id",
        )
        for event, step, row in EVENTS
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
    # Links
    *(guard for model in NEVER_CHANGING for guard in insert_only(model)),
    *(never_replaced(model) for model in (Link, LinkReport)),
    dated_by_the_database(Link, "suggested_at"),
    dated_by_the_database(LinkDecision, "at"),
    dated_by_the_database(LinkReport, "reported_at"),
    Guard(
        name="link_arrives_undecided",
        table="community_link",
        on="INSERT",
        when="NEW.decision <> 'pending' OR NEW.outcome <> 'unchecked'",
        says="a link is decided on and looked at after it came",
    ),
    Guard(
        name="link_keeps_what_was_suggested",
        table="community_link",
        on="UPDATE",
        when="NEW.condition_id <> OLD.condition_id OR NEW.url <> OLD.url OR NEW.key <> OLD.key "
        "OR NEW.suggested_at <> OLD.suggested_at OR (NEW.why <> OLD.why AND NEW.why <> '') "
        "OR (NEW.suggested_email <> OLD.suggested_email AND NEW.suggested_email <> '')",
        says="another address is another suggestion; what was suggested is only erased",
    ),
    Guard(
        name="link_follows_its_decisions",
        table="community_link",
        on="UPDATE",
        reads=("community_linkdecision",),
        when=f"({CHANGED}) AND NOT EXISTS (SELECT 1 FROM community_linkdecision d WHERE d.link_id = NEW.id "
        f"AND d.id = (SELECT max(n.id) FROM community_linkdecision n WHERE n.link_id = NEW.id) AND {AS_DECIDED})",
        says="a link stands as its last decision says, decide once more",
    ),
    Guard(
        name="decision_fits_the_link",
        table="community_linkdecision",
        on="INSERT",
        reads=("community_link",),
        when="NOT EXISTS (SELECT 1 FROM community_link k WHERE k.id = NEW.link_id AND ("
        "(k.decision = 'pending' AND NEW.act IN ('accept', 'refuse')) OR "
        "(k.decision = 'accepted' AND NEW.act IN ('edit', 'down')) OR "
        "(k.decision IN ('refused', 'down') AND NEW.act = 'restore')))",
        says="this cannot be decided about a link that stands so",
    ),
    Guard(
        name="report_is_about_a_link_that_was_shown",
        table="community_linkreport",
        on="INSERT",
        reads=("community_linkdecision",),
        when="NOT EXISTS (SELECT 1 FROM community_linkdecision d WHERE d.link_id = NEW.link_id "
        "AND d.act IN ('accept', 'restore'))",
        says="readers never saw this link",
    ),
    Guard(
        name="report_arrives_unhandled",
        table="community_linkreport",
        on="INSERT",
        when="NEW.handled_at IS NOT NULL",
        says="what a reader reports is handled after it came",
    ),
    Guard(
        name="report_keeps_what_was_said",
        table="community_linkreport",
        on="UPDATE",
        when="NEW.link_id <> OLD.link_id OR NEW.kind <> OLD.kind OR NEW.key <> OLD.key "
        "OR NEW.reported_at <> OLD.reported_at OR (NEW.words <> OLD.words AND NEW.words <> '') "
        "OR (NEW.email <> OLD.email AND NEW.email <> '')",
        says="what a reader reported is not changed, only erased",
    ),
    Guard(
        name="handled_report_stays_handled",
        table="community_linkreport",
        on="UPDATE",
        when="OLD.handled_at IS NOT NULL AND (NEW.handled_at IS NULL OR NEW.handled_at <> OLD.handled_at "
        "OR NEW.handled_by_id <> OLD.handled_by_id OR NEW.outcome <> OLD.outcome OR NEW.answer <> OLD.answer)",
        says="what was handled is not opened or handled again",
    ),
]
