"""Short ways to ask the content API, for the tests of it."""

from typing import Any

from django.test import Client

ROOT = "/api/v1"
ARTICLE = f"{ROOT}/articles/poems-syndrome/prognosis"


def ask(path: str, status: int = 200, **query: object) -> dict[str, Any]:
    """What an address below the root answers, with this status."""
    response = Client().get(f"{ROOT}{path}", query)
    assert response.status_code == status, (path, query, response.status_code, response.content[:500])
    found: dict[str, Any] = response.json()
    return found


def slugs(found: dict[str, Any]) -> list[str]:
    """The last parts of the addresses of what a list shows."""
    return [each["url"].rstrip("/").rsplit("/", 1)[-1] for each in found["items"]]


class Partner:
    """Somebody who keeps a copy of what is public by asking for changes alone."""

    def __init__(self) -> None:
        self.cursor = ""
        self.copy: dict[str, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []

    def poll(self) -> list[str]:
        """Ask until there is no more; what was told this time, by the last part of the address, and what of it."""
        self.told = []
        while True:
            found = ask("/changes", **({"since": self.cursor} if self.cursor else {}))
            self.cursor = found["cursor"]
            self.told += found["items"]
            if not found["more"]:
                break
        for each in self.told:
            page = each["article"] or each["withdrawn"]
            self.copy[page["id"]] = each
        return [f"{slug(each)}: {each['change']}" for each in self.told]

    @property
    def pages(self) -> dict[str, str]:
        """The digest of each page in the copy, or that it was taken down."""
        return {name: (each["article"] or {}).get("digest", "withdrawn") for name, each in self.copy.items()}


def slug(change: dict[str, Any]) -> str:
    """The last part of the address of the page that changed."""
    page = change["article"] or change["withdrawn"]
    return str(page["url"].rstrip("/").rsplit("/", 1)[-1])
