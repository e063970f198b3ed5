"""What the database itself refuses about texts, and the addresses it keeps."""

from accounts.guards import Event, Guard, dated_by_the_database, insert_only

from .models import ArticleSlug, Citation, ConditionSlug, Revision

NEVER_CHANGING = [Revision, Citation, ConditionSlug, ArticleSlug]

CHANGES: tuple[Event, ...] = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")

GUARDS = [
    *(guard for model in NEVER_CHANGING for guard in insert_only(model)),
    dated_by_the_database(Revision, "recorded_at"),
    Guard(
        name="citation_is_declared",
        table="articles_citation",
        on="INSERT",
        reads=("articles_revision",),
        when="NOT EXISTS (SELECT 1 FROM articles_revision r "
        "WHERE r.id = NEW.revision_id AND NEW.number <= r.source_count)",
        says="this version was saved with fewer sources, save a new version",
    ),
    Guard(
        name="article_keeps_its_condition",
        table="articles_article",
        on="UPDATE",
        when="NEW.condition_id <> OLD.condition_id OR NEW.language <> OLD.language",
        says="an article keeps its condition and its language, start another one",
    ),
    *(
        Guard(
            name=f"condition_slug_is_kept_on_{event.lower()}",
            table="articles_condition",
            on=event,
            reads=("articles_conditionslug",),
            then=(
                "INSERT INTO articles_conditionslug (condition_id, slug) SELECT NEW.id, NEW.slug WHERE NOT EXISTS "
                "(SELECT 1 FROM articles_conditionslug s WHERE s.condition_id = NEW.id AND s.slug = NEW.slug)"
            ),
        )
        for event in ("INSERT", "UPDATE")
    ),
    *(
        Guard(
            name=f"article_slug_is_kept_on_{event.lower()}",
            table="articles_article",
            on=event,
            reads=("articles_articleslug",),
            then=(
                "INSERT INTO articles_articleslug (article_id, condition_id, slug) "
                "SELECT NEW.id, NEW.condition_id, NEW.slug WHERE NOT EXISTS "
                "(SELECT 1 FROM articles_articleslug s WHERE s.article_id = NEW.id AND s.slug = NEW.slug)"
            ),
        )
        for event in ("INSERT", "UPDATE")
    ),
    # Each process keeps the names and codes for search in memory, and sees here that they changed, however they did.
    *(
        Guard(
            name=f"{table}_{event.lower()}_is_told",
            table=table,
            on=event,
            reads=("articles_namechange",),
            then=f"INSERT INTO articles_namechange (what) VALUES ('{table}')",
        )
        for table in ("articles_conditionname", "articles_conditioncode")
        for event in CHANGES
    ),
    Guard(
        name="name_changes_stay_few",
        table="articles_namechange",
        on="INSERT",
        then="DELETE FROM articles_namechange WHERE NEW.id % 1000 = 0 AND id < NEW.id",
    ),
]
