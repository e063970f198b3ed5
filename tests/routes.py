"""The one table of what is allowed: every route of the site, who is shown it, and who moves something there.

The routes come from the URL resolver; `tests/test_routes.py` tries each with every role. A role that a row does not
name is refused: a stranger and a member of a community at the door, colleagues at the desk with 403.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Roles = frozenset[str]

ANONYMOUS, MEMBER, ANOTHER = "anonymous", "member", "another member"
AUTHOR, CLINICIAN, LAPSED = "author", "clinician", "lapsed clinician"
PUBLISHER, REGISTRAR, MODERATOR = "publisher", "registrar", "moderator"
PLAIN, SUPERUSER = "plain staff", "superuser"

STRANGER = frozenset({ANONYMOUS})
MEMBERS = frozenset({MEMBER, ANOTHER})
STAFF = frozenset({AUTHOR, CLINICIAN, LAPSED, PUBLISHER, REGISTRAR, MODERATOR, PLAIN, SUPERUSER})
SIGNED_IN = MEMBERS | STAFF
EVERYBODY = STRANGER | SIGNED_IN
NOBODY: Roles = frozenset()


def only(*roles: str) -> Roles:
    """These, and the superuser."""
    return frozenset({*roles, SUPERUSER})


EDITORS = only(AUTHOR, CLINICIAN, LAPSED, PUBLISHER)


@dataclass(frozen=True)
class Row:
    """What GET answers to whom, and for each act on the route whom it obeys when they send a lawful form."""

    shown: Roles = NOBODY  # 200
    sent_on: Roles = NOBODY  # a redirect, but not to the door
    nothing: Roles = NOBODY  # 404
    form_only: Roles = NOBODY  # 405: the address takes forms and shows none
    acts: Mapping[str, Roles] = field(default_factory=dict)


@dataclass(frozen=True)
class Rights:
    """Who may do what with the rows of one model in the admin."""

    look: Roles
    add: Roles = NOBODY
    change: Roles = NOBODY
    delete: Roles = NOBODY


ADMINISTRATOR = Rights(look=only(), add=only(), change=only(), delete=only())

MODELS: dict[str, Rights] = {
    "auth_group": ADMINISTRATOR,
    "account_emailaddress": Rights(look=only()),
    "mfa_authenticator": Rights(look=only()),
    "accounts_user": ADMINISTRATOR,
    "accounts_letter": Rights(look=only()),
    "articles_condition": Rights(look=EDITORS | {MODERATOR}, add=only(PUBLISHER), change=only(PUBLISHER)),
    "articles_article": Rights(look=EDITORS, add=only(AUTHOR), change=only(AUTHOR)),
    "reviews_reviewrequest": Rights(look=EDITORS),
    "reviews_feedback": Rights(look=EDITORS, delete=only(PUBLISHER)),
    "reviews_reviewer": Rights(look=only(REGISTRAR), add=only(REGISTRAR), change=only(REGISTRAR)),
    "reviews_credential": Rights(
        look=only(REGISTRAR), add=only(REGISTRAR), change=only(REGISTRAR), delete=only(REGISTRAR)
    ),
    "reviews_credentialcheck": Rights(look=only(REGISTRAR), add=only(REGISTRAR)),
    "reviews_checklist": Rights(look=only(CLINICIAN, LAPSED, PUBLISHER), add=only(PUBLISHER)),
    "reviews_review": Rights(look=EDITORS),
    "reviews_publication": Rights(look=only(CLINICIAN, LAPSED, PUBLISHER)),
    "reviews_withdrawal": Rights(look=only(PUBLISHER)),
    "reviews_ledgerentry": Rights(look=only()),
    "pages_sitetext": Rights(look=only(PUBLISHER), add=only(PUBLISHER)),
    "pages_codemiss": Rights(look=only(PUBLISHER), delete=only(PUBLISHER)),
    "community_link": Rights(look=only(MODERATOR)),
    "community_community": Rights(look=only(MODERATOR), add=only(MODERATOR)),
    "community_strikeout": Rights(look=only(MODERATOR)),
    "community_memberlook": Rights(look=only()),
}


def _admin() -> Iterator[tuple[str, Row]]:
    """The six stock routes of each model; an act that nobody may do is tried as well."""
    for model, rights in MODELS.items():
        app, name = model.split("_")
        yield f"admin:{model}_changelist", Row(shown=rights.look)
        yield f"admin:{model}_history", Row(shown=rights.look)
        yield f"admin:{model}_add", Row(shown=rights.add, acts={"add": rights.add})
        yield f"admin:{model}_change", Row(shown=rights.look, acts={"change": rights.change})
        yield f"admin:{model}_delete", Row(shown=rights.delete, acts={"delete": rights.delete})
        yield f"admin/{app}/{name}/<path:object_id>/", Row(sent_on=STAFF)


ROUTES: dict[str, Row] = {
    # Readers
    "home": Row(shown=EVERYBODY),
    "conditions": Row(shown=EVERYBODY),
    "condition": Row(shown=EVERYBODY),
    "community": Row(shown=EVERYBODY),
    "suggest": Row(shown=EVERYBODY, acts={"suggest a link": EVERYBODY}),
    "report-link": Row(shown=EVERYBODY, acts={"report a link": EVERYBODY}),
    "question": Row(shown=EVERYBODY),
    "history": Row(shown=EVERYBODY),
    "feedback": Row(shown=EVERYBODY, acts={"report a mistake": EVERYBODY}),
    "reviewer": Row(shown=EVERYBODY),
    "reviewers": Row(shown=EVERYBODY),
    "how-we-review": Row(shown=EVERYBODY),
    # Members. Whoever is one already joins no second time; a colleague's account stays.
    "join": Row(shown=EVERYBODY, acts={"join": EVERYBODY - {MEMBER}}),
    "join-code": Row(shown=STRANGER, sent_on=SIGNED_IN),
    "me": Row(shown=SIGNED_IN, sent_on=STRANGER),
    "me-export": Row(shown=SIGNED_IN, sent_on=STRANGER),
    "membership": Row(
        shown=frozenset({MEMBER}),
        nothing=SIGNED_IN - {MEMBER},
        sent_on=STRANGER,
        acts={"change what is kept": frozenset({MEMBER})},
    ),
    "leave": Row(form_only=SIGNED_IN, sent_on=STRANGER, acts={"leave": frozenset({MEMBER})}),
    "erase": Row(shown=SIGNED_IN, sent_on=STRANGER, acts={"erase": MEMBERS}),
    "erased": Row(shown=EVERYBODY),
    # Machines
    "condition-feed": Row(shown=EVERYBODY),
    "feed": Row(shown=EVERYBODY),
    "sitemap": Row(shown=EVERYBODY),
    "sitemap-part": Row(shown=EVERYBODY),
    "robots": Row(shown=EVERYBODY),
    "api": Row(shown=EVERYBODY),
    "api-openapi": Row(shown=EVERYBODY),
    "api-conditions": Row(shown=EVERYBODY),
    "api-condition": Row(shown=EVERYBODY),
    "api-articles": Row(shown=EVERYBODY),
    "api-article": Row(shown=EVERYBODY),
    "api-reviewers": Row(shown=EVERYBODY),
    "api-reviewer": Row(shown=EVERYBODY),
    "api-changes": Row(shown=EVERYBODY),
    "api-nothing": Row(nothing=EVERYBODY),
    "accessibility": Row(shown=EVERYBODY),
    "privacy": Row(shown=EVERYBODY),
    "letter": Row(shown=EVERYBODY),
    # The first part of a list has an address without a number, and here there is no second one.
    "conditions-part": Row(nothing=EVERYBODY),
    "letter-part": Row(nothing=EVERYBODY),
    "links-part": Row(nothing=EVERYBODY),
    "reviewer-part": Row(nothing=EVERYBODY),
    "search": Row(shown=EVERYBODY),
    "suggestions": Row(shown=EVERYBODY),
    # Its acts ask as its GET does, and change nothing.
    "infobutton": Row(shown=EVERYBODY, acts={"ask for a name": NOBODY}),
    "healthz": Row(shown=EVERYBODY),
    # One's own account
    "account_login": Row(shown=STRANGER, sent_on=SIGNED_IN, acts={"sign in": STRANGER}),
    "account_code": Row(shown=STRANGER, sent_on=SIGNED_IN, acts={"ask for a code": STRANGER}),
    "account_code_typed": Row(sent_on=EVERYBODY),
    # A colleague says who they are with password or second factor; so does a member who has an app.
    "account_code_again": Row(
        shown=frozenset({MEMBER}), sent_on=STAFF | {ANOTHER}, acts={"send me a code": frozenset({MEMBER})}
    ),
    "account_logout": Row(shown=SIGNED_IN, sent_on=STRANGER),
    "account_inactive": Row(shown=EVERYBODY),
    "account_signup": Row(shown=STRANGER, sent_on=SIGNED_IN, acts={"sign up": NOBODY}),
    # Whoever has a second factor says with it who they are; the password alone does not do.
    "account_reauthenticate": Row(shown=SIGNED_IN - {ANOTHER}, sent_on=frozenset({ANOTHER})),
    "account_sessions": Row(shown=SIGNED_IN),
    "account_confirmed": Row(shown=SIGNED_IN),
    "account_email": Row(shown=SIGNED_IN, acts={"add an address": SIGNED_IN, "remove another's address": NOBODY}),
    "account_email_verification_sent": Row(shown=EVERYBODY),
    "account_change_password": Row(
        shown=SIGNED_IN, acts={"change the password": SIGNED_IN, "change it without the old one": NOBODY}
    ),
    "account_set_password": Row(sent_on=SIGNED_IN, acts={"set a password": NOBODY}),
    "account_reset_password": Row(shown=EVERYBODY, acts={"ask for a letter": EVERYBODY}),
    "account_confirm_login_code": Row(sent_on=SIGNED_IN),
    "account_confirm_email": Row(shown=EVERYBODY),
    "account_reset_password_from_key_done": Row(shown=EVERYBODY),
    "account_reset_password_from_key": Row(shown=EVERYBODY, acts={"reset with a false key": NOBODY}),
    "account_reset_password_done": Row(shown=EVERYBODY),
    # One's own second factor; whoever did not give a password or code in the last minutes is sent to do so
    "mfa_index": Row(shown=SIGNED_IN),
    "mfa_authenticate": Row(sent_on=SIGNED_IN),
    "mfa_reauthenticate": Row(sent_on=SIGNED_IN - {ANOTHER}, shown=frozenset({ANOTHER})),
    "mfa_activate_totp": Row(shown=SIGNED_IN - {ANOTHER}, sent_on=frozenset({ANOTHER})),
    "mfa_deactivate_totp": Row(
        shown=frozenset({ANOTHER}), nothing=SIGNED_IN - {ANOTHER}, acts={"give the app up": frozenset({ANOTHER})}
    ),
    "mfa_view_recovery_codes": Row(nothing=SIGNED_IN),
    "mfa_generate_recovery_codes": Row(shown=SIGNED_IN, acts={"make new codes": frozenset({ANOTHER})}),
    "mfa_download_recovery_codes": Row(nothing=SIGNED_IN),
    "mfa_list_webauthn": Row(shown=SIGNED_IN),
    "mfa_add_webauthn": Row(shown=SIGNED_IN, acts={"add a key that is none": NOBODY}),
    "mfa_reauthenticate_webauthn": Row(sent_on=SIGNED_IN - {ANOTHER}, shown=frozenset({ANOTHER})),
    "mfa_remove_webauthn": Row(
        shown=frozenset({ANOTHER}), nothing=SIGNED_IN - {ANOTHER}, acts={"remove a key": frozenset({ANOTHER})}
    ),
    "mfa_edit_webauthn": Row(
        shown=frozenset({ANOTHER}), nothing=SIGNED_IN - {ANOTHER}, acts={"rename a key": frozenset({ANOTHER})}
    ),
    "mfa_login_webauthn": Row(sent_on=SIGNED_IN, acts={"sign in with a key that is none": NOBODY}),
    # The desk
    "admin:index": Row(shown=STAFF),
    "admin:login": Row(sent_on=SIGNED_IN),
    "admin:logout": Row(form_only=STAFF, sent_on=MEMBERS),
    "admin:password_change": Row(shown=STAFF, acts={"change the password": STAFF}),
    "admin:password_change_done": Row(shown=STAFF),
    "admin:jsi18n": Row(shown=STAFF),
    "admin:app_list": Row(shown=EDITORS | {MODERATOR}, nothing=frozenset({REGISTRAR, PLAIN})),
    "admin:autocomplete": Row(shown=EDITORS | {MODERATOR}),
    "admin:view_on_site": Row(sent_on=EDITORS),
    "admin/(?P<url>.*)$": Row(nothing=STAFF),
    **dict(_admin()),
    "admin:accounts_user_second_factor": Row(shown=only(), acts={"reset a lost second factor": only()}),
    "admin:auth_user_password_change": Row(shown=only(), acts={"set another's password": only()}),
    "admin:community_members": Row(
        shown=only(MODERATOR),
        acts={
            "let those count who are held": only(MODERATOR),
            "strike out a robot": only(MODERATOR),
            "look at who somebody is": only(),
        },
    ),
    "admin:accounts_letter_try_again": Row(form_only=only(), acts={"try again": only()}),
    "admin:accounts_letter_try_all_again": Row(form_only=only(), acts={"try all again": only()}),
    "admin:desk_preview": Row(shown=EDITORS),
    "admin:desk_ask": Row(shown=EDITORS, acts={"ask": only(AUTHOR)}),
    "admin:desk_publish": Row(shown=EDITORS, acts={"publish": only(PUBLISHER)}),
    "admin:desk_withdraw": Row(shown=EDITORS, acts={"withdraw": only(CLINICIAN, LAPSED, PUBLISHER)}),
    "admin:desk_due_again": Row(form_only=STAFF, acts={"claim": frozenset({CLINICIAN})}),
    "admin:desk_credentials": Row(shown=only(REGISTRAR)),
    "admin:desk_coverage": Row(shown=only(PUBLISHER)),
    "admin:desk_falling_due": Row(shown=only(PUBLISHER, REGISTRAR)),
    "admin:desk_codes": Row(shown=only(PUBLISHER)),
    "admin:reviews_feedback_change": Row(
        shown=EDITORS, acts={"close": only(AUTHOR, PUBLISHER), "ask for a review": only(AUTHOR)}
    ),
    "admin:community_link_changelist": Row(shown=only(MODERATOR), acts={"refuse many": only(MODERATOR)}),
    "admin:community_link_change": Row(
        shown=only(MODERATOR),
        acts={
            act: only(MODERATOR)
            for act in ("accept", "refuse", "change the words", "take down", "close a report", "erase words")
        },
    ),
    "admin:reviews_reviewrequest_change": Row(
        shown=EDITORS,
        acts={
            "claim": frozenset({CLINICIAN}),
            "hand back": frozenset({CLINICIAN}),
            "take back": frozenset({AUTHOR}),
            "approve": frozenset({CLINICIAN}),
            "approve and publish": NOBODY,
            "ask for changes": frozenset({CLINICIAN}),
        },
    ),
}
