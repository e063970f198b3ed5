"""What the database does by itself where somebody becomes a colleague or is deleted, by the admin, a shell or SQL."""

from .guards import Guard

BECAME_A_COLLEAGUE = "user_id = NEW.id AND NEW.is_staff AND NOT OLD.is_staff"

GUARDS = [
    # A passkey or app that a member set up with a code from a letter opens no desk, and no session from before does.
    *(
        Guard(
            name=f"new_colleague_has_no_{what}_from_before",
            table="accounts_user",
            on="UPDATE",
            reads=(table,),
            then=f"DELETE FROM {table} WHERE {BECAME_A_COLLEAGUE}",
        )
        for what, table in (("factor", "mfa_authenticator"), ("session", "accounts_session"))
    ),
    # Whoever is deleted past every verb is erased again too after a restore. A verb has noted it a moment before.
    Guard(
        name="deleted_account_is_noted",
        table="accounts_user",
        on="DELETE",
        reads=("accounts_erasure",),
        then="INSERT INTO accounts_erasure (kind, number) SELECT 'account', OLD.id WHERE NOT EXISTS "
        "(SELECT 1 FROM accounts_erasure e WHERE e.kind = 'account' AND e.number = OLD.id AND e.at >= OLD.joined_at)",
    ),
]
