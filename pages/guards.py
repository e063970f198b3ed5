"""What the database itself refuses about the operator's words."""

from accounts.guards import Guard, dated_by_the_database, insert_only

from .models import SiteText

NEVER_CHANGING = [SiteText]

GUARDS = [
    *(guard for model in NEVER_CHANGING for guard in insert_only(model)),
    dated_by_the_database(SiteText, "written_at"),
    Guard(
        name="site_text_follows_the_last",
        table="pages_sitetext",
        on="INSERT",
        when="NEW.id <> (SELECT COALESCE(max(t.id), 0) + 1 FROM pages_sitetext t)",
        says="a version bears the next number, so that the newest number tells all versions apart",
    ),
    Guard(
        name="site_text_counts_its_versions",
        table="pages_sitetext",
        on="INSERT",
        when="NEW.number <> (SELECT COALESCE(max(t.number), 0) + 1 FROM pages_sitetext t WHERE t.key = NEW.key)",
        says="a version bears the next number of its text",
    ),
]
