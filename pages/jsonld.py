"""What search engines are told about a page: its address, a title to share, and structured data after schema.org.

Structured data says nothing that the page does not say. `lastReviewed` and `reviewedBy` stand there only while the
review is in date, from the same stamp as the badge. There is no property for the day of the next review.
docs/machines.md lists what each page tells.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils.text import Truncator

from articles import codes
from articles.models import Citation, Condition, Origin, Topic
from community.counting import ShownCount
from reviews.models import CredentialCheck, Reviewer
from reviews.standing import Stamp

from . import catalogue, markup

if TYPE_CHECKING:
    from .catalogue import Code
    from .reading import Hub, Line, QuestionPage

Node = dict[str, Any]

SCHEMA = "https://schema.org"
# How a text came to be; one written by a person needs no mark.
SOURCES = {
    Origin.ASSISTED.value: "CompositeWithTrainedAlgorithmicMediaDigitalSource",
    Origin.MACHINE.value: "TrainedAlgorithmicMediaDigitalSource",
}
PATIENTS = {"@type": "MedicalAudience", "audienceType": "Patient"}
DESCRIPTION_WORDS = 40


@dataclass(frozen=True)
class Head:
    """What stands in the head of a page for machines."""

    title: str
    description: str
    path: str
    kind: str = "website"  # of Open Graph: website, article or profile
    data: Node | None = None
    feed_about: str = ""  # the name of the condition that the page is about
    feed_path: str = ""

    @property
    def url(self) -> str:
        """The one address of the page."""
        return absolute(self.path)

    @property
    def locale(self) -> str:
        """The language as Open Graph writes it."""
        language, _, country = settings.LANGUAGE_CODE.partition("-")
        return f"{language}_{country.upper()}" if country else language


def absolute(path: str) -> str:
    """An address of this site with its host, as it is known outside."""
    return f"{settings.SITE_URL}{path}"


def _whole(node: Node) -> Node:
    """A node to stand by itself, without what is empty."""
    return {"@context": SCHEMA, **_filled(node)}


def _filled(node: Node) -> Node:
    return {name: value for name, value in node.items() if value not in (None, "", [])}


def publisher() -> Node:
    """Who runs the site."""
    return {
        "@type": "Organization",
        "@id": absolute("/#publisher"),
        "name": settings.SITE_NAME,
        "url": absolute("/"),
        "publishingPrinciples": absolute(reverse("how-we-review")),
    }


def _term(name: str) -> Node:
    """A member of one of schema.org's own lists."""
    return {"@id": f"{SCHEMA}/{name}"}


def _trail(*steps: tuple[str, str]) -> Node:
    """Where a page stands below all conditions: names and paths from the top down."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": place,
                "name": name,
                "item": {"@type": "WebPage", "@id": absolute(path)},
            }
            for place, (name, path) in enumerate([("Conditions", reverse("conditions")), *steps], start=1)
        ],
    }


def _about(condition: Condition, name: str, names: Iterable[str], several: "Iterable[Code]") -> Node:
    """A condition by its names, and its codes as far as they mean just this; neither is reviewed, or said to be."""
    hub = absolute(condition.get_absolute_url())
    return _filled(
        {
            "@type": "MedicalCondition",
            "@id": f"{hub}#condition",
            "name": name,
            "url": hub,
            "alternateName": sorted(names, key=str.casefold),
            "code": [
                {"@type": "MedicalCode", "codingSystem": code.system, "codeValue": code.code}
                for code in sorted(several)
                if code.match in codes.SAME
            ],
        }
    )


def _claims(stamp: Stamp) -> Node:
    """That a text was reviewed, by whom and when: nothing at all from the day on which the review lapses."""
    if not stamp.in_date:
        return {}
    person: Node = {
        "@type": "Person",
        "name": stamp.name,
        "url": absolute(reverse("reviewer", args=[stamp.slug])),
        "jobTitle": stamp.role,
    }
    signature = stamp.signature
    if signature is not None:
        if stamp.name != stamp.reviewer:
            person["honorificSuffix"] = signature.suffix
        person |= _licence(signature.profession, signature.register, signature.number, signature.register_url)
    return {"lastReviewed": stamp.signed_on.isoformat(), "reviewedBy": person}


def _licence(profession: str, register: str, number: str, url: str) -> Node:
    """A licence of a person, as properties of theirs."""
    identifier = {"@type": "PropertyValue", "propertyID": register, "value": number}
    return _filled(
        {
            "identifier": identifier,
            "sameAs": url,
            "hasCredential": {
                "@type": "EducationalOccupationalCredential",
                "credentialCategory": "license",
                "name": profession,
                "identifier": identifier,
                "recognizedBy": {"@type": "Organization", "name": register},
            },
        }
    )


def _source(citation: Citation) -> Node:
    """A source as it stands on the page."""
    links = [link.url for link in citation.links()]
    return _filled(
        {"@type": "CreativeWork", "name": citation.title, "url": links[0] if links else "", "sameAs": links[1:]}
    )


def _parts(page: "QuestionPage", sections: Iterable[tuple[str, str]]) -> list[Node]:
    """The sections of a text, or the text as one, by the aspect that its topic has in schema.org."""
    article = page.publication.article
    url = absolute(article.get_absolute_url())
    parts = [(title, f"{url}#{anchor}") for anchor, title in sections] or [(page.revision.question, url)]
    aspect = _term(Topic(article.topic).health_aspect)
    return [
        {"@type": "HealthTopicContent", "headline": title, "url": url, "hasHealthAspect": aspect}
        for title, url in parts
    ]


def _page(kind: str, path: str, name: str, language: str = "en") -> Node:
    """What is said of every page."""
    return {
        "@type": kind,
        "@id": absolute(path),
        "url": absolute(path),
        "name": name,
        "inLanguage": language,
        "publisher": publisher(),
    }


def question(page: "QuestionPage", sections: Iterable[tuple[str, str]]) -> Head:
    """A question page, its text checked already; `sections` are the ids and headings of the text."""
    publication, revision = page.publication, page.revision
    article, condition = publication.article, publication.article.condition
    path, name = article.get_absolute_url(), publication.condition_name or condition.slug
    answer = {"@type": "Answer", "text": revision.short_answer, "url": absolute(path)}
    source = SOURCES.get(revision.origin)
    node = _page("MedicalWebPage", path, revision.question, article.language) | {
        "description": revision.short_answer,
        "datePublished": markup.moment(publication.first_at),
        "dateModified": markup.moment(publication.changed_at),
        "medicalAudience": PATIENTS,
        "digitalSourceType": _term(source) if source else None,
        "about": _about(
            condition,
            name,
            [each["text"] for each in publication.other_names or []],
            catalogue.codes_of(publication.other_codes),
        ),
        "hasPart": _parts(page, sections),
        "citation": [_source(citation) for citation in page.citations],
        "breadcrumb": _trail((name, condition.get_absolute_url()), (revision.question, path)),
        **_claims(page.stamp),
    }
    if revision.short_answer:
        node["mainEntity"] = {"@type": "Question", "name": revision.question, "acceptedAnswer": answer}
    lapsed = "" if page.stamp.in_date else " (review lapsed)"
    short = Truncator(revision.short_answer).words(DESCRIPTION_WORDS)
    feed = reverse("condition-feed", args=[condition.slug])
    return Head(f"{revision.question}{lapsed}", short, path, "article", _whole(node), name, feed)


def hub(shown: "Hub", lines: "list[Line]", overview: Mapping[str, Any] | None) -> Head:
    """The page of a condition; of its overview, which is reviewed, the short answer under the overview's own stamp."""
    condition = shown.condition
    path = condition.get_absolute_url()
    parts: list[Node] = []
    for line in lines:
        part = {"@type": "MedicalWebPage", "@id": absolute(line.url), "url": absolute(line.url), "name": line.title}
        if overview is not None and overview["url"] == line.url:
            part |= {"description": overview["short_answer"], **_claims(overview["stamp"])}
        parts.append(part)
    node = _page("CollectionPage" if overview is None else "MedicalWebPage", path, condition.name) | {
        "about": _about(condition, condition.name, shown.names, shown.codes),
        "hasPart": parts,
        "breadcrumb": _trail((condition.name, path)),
    }
    # Of no single page: any of them may have lapsed.
    words = f"{condition.name}: questions answered. Each page says who approved it, when, and until when."
    if not lines:
        words = f"{condition.name}: other names and codes. No question about it is answered here yet."
    feed = reverse("condition-feed", args=[condition.slug])
    return Head(condition.name, words, path, "website", _whole(node), condition.name, feed)


def community(condition: Condition, path: str, members: ShownCount | None) -> Head:
    """The page of a community; its number only as an exact figure that readers see too."""
    name = f"The {condition.name} community"
    people: Node = {"@type": "Organization", "name": name, "url": absolute(path)}
    if members is not None and members.figure is not None and not members.rounded:
        people["interactionStatistic"] = {
            "@type": "InteractionCounter",
            "interactionType": {"@type": "JoinAction"},
            "userInteractionCount": members.figure,
        }
    node = _page("WebPage", path, name) | {
        "mainEntity": people,
        "breadcrumb": _trail((condition.name, condition.get_absolute_url()), ("Community", path)),
    }
    words = f"How many people joined the {condition.name} community, and how they are counted."
    return Head(name, words, path, data=_whole(node))


def reviewer(row: Reviewer, checks: Iterable[CredentialCheck], today: dt.date) -> Head:
    """The page of a reviewer, with the licences that were found to hold today."""
    path = row.get_absolute_url()
    person: Node = {
        "@type": "Person",
        "name": row.name,
        "url": absolute(path),
        "honorificSuffix": row.suffix,
        "jobTitle": row.specialty,
        "description": row.bio,
    }
    holds = [check for check in checks if check.valid_until and check.valid_from <= today <= check.valid_until]
    for credential in (check.credential for check in holds):
        found = _licence(credential.profession, credential.register, credential.number, credential.register_url)
        for name, value in found.items():
            person[name] = [*person.get(name, []), value]
    node = _page("ProfilePage", path, row.signature) | {"mainEntity": _filled(person)}
    words = f"Who {row.signature} is, how the licence was checked, and which pages they approved."
    return Head(row.signature, words, path, "profile", _whole(node))


def home() -> Head:
    """The first page: the site and who runs it."""
    node = _page("WebSite", "/", settings.SITE_NAME)
    words = "Medically reviewed answers about rare conditions. Every page shows who approved it, when, and until when."
    return Head(f"{settings.SITE_NAME}: answers about rare conditions, signed and dated", words, "/", data=_whole(node))
