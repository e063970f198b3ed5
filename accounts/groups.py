"""The five groups and what each may do. They stand after every `migrate`; the verbs ask for these rights."""

GROUPS: dict[str, list[str]] = {
    "Authors": [
        "articles.view_condition",
        "articles.view_article",
        "articles.add_article",
        "articles.change_article",
        "articles.view_revision",
        "reviews.view_reviewrequest",
        "reviews.add_reviewrequest",
        "reviews.view_review",
        "reviews.view_feedback",
        "reviews.change_feedback",
    ],
    "Clinicians": [
        "articles.view_condition",
        "articles.view_article",
        "articles.view_revision",
        "reviews.view_reviewrequest",
        "reviews.change_reviewrequest",
        "reviews.view_review",
        "reviews.add_review",
        "reviews.view_checklist",
        "reviews.view_publication",
        "reviews.add_withdrawal",
        "reviews.view_feedback",
    ],
    "Publishers": [
        "articles.view_condition",
        "articles.add_condition",
        "articles.change_condition",
        "articles.view_article",
        "articles.view_revision",
        "reviews.view_reviewrequest",
        "reviews.view_review",
        "reviews.view_publication",
        "reviews.add_publication",
        "reviews.view_withdrawal",
        "reviews.add_withdrawal",
        "reviews.view_checklist",
        "reviews.add_checklist",
        "reviews.view_feedback",
        "reviews.change_feedback",
        "reviews.delete_feedback",
        "pages.view_sitetext",
        "pages.add_sitetext",
        "pages.view_codemiss",
        "pages.delete_codemiss",
    ],
    "Registrars": [
        "reviews.view_reviewer",
        "reviews.add_reviewer",
        "reviews.change_reviewer",
        "reviews.view_credential",
        "reviews.add_credential",
        "reviews.change_credential",
        "reviews.delete_credential",
        "reviews.view_credentialcheck",
        "reviews.add_credentialcheck",
    ],
    "Moderators": [
        "articles.view_condition",
        "community.view_community",
        "community.add_community",
        "community.view_link",
        "community.change_link",
        "community.view_strikeout",
        "community.change_member",
        "community.delete_member",
    ],
}


def grant(app_label: str, using: str) -> None:
    """Give each group the rights it should have in one app; adds what is missing, takes nothing away."""
    from django.contrib.auth.models import Group, Permission

    for name, rights in GROUPS.items():
        codenames = [right.split(".")[1] for right in rights if right.split(".")[0] == app_label]
        if not codenames:
            continue
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.using(using).filter(content_type__app_label=app_label, codename__in=codenames)
        )
