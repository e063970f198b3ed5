"""What search engines are told about a page: its address, a title to share, and structured data after schema.org.

Structured data says nothing that the page does not say. `lastReviewed` and `reviewedBy` stand there only while the
review is in date, from the same stamp as the badge. There is no property for the day of the next review.
docs/machines.md lists what each page tells.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils.text import Truncator

from articles import rendering
from articles.models import Article, Citation, Condition, ConditionCode, Origin, Topic
from community.counting import ShownCount
from reviews.models import CredentialCheck, Reviewer
from reviews.standing import Stamp

if TYPE_CHECKING:
    from .reading import Line, QuestionPage

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
    feed_of: Condition | None = None

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
    """Where a page stands: names and paths from the top down."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": absolute(path)}
            for place, (name, path) in enumerate(steps, start=1)
        ],
    }


def _about(condition: Condition, name: str, names: Iterable[str], codes: Iterable[tuple[str, str]]) -> Node:
    """A condition by its names and codes; neither is reviewed, and nothing here says so."""
    hub = absolute(condition.get_absolute_url())
    return _filled(
        {
            "@type": "MedicalCondition",
            "@id": f"{hub}#condition",
            "name": name,
            "url": hub,
            "alternateName": sorted(names, key=str.casefold),
            "code": [
                {"@type": "MedicalCode", "codingSystem": system, "codeValue": code} for system, code in sorted(codes)
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
    if stamp.name != stamp.reviewer:
        person["honorificSuffix"] = stamp.suffix
    if stamp.licence is not None:
        person |= _licence(stamp.licence.profession, stamp.licence.register, stamp.licence.number, stamp.licence.url)
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


def _parts(article: Article, question: str, html: str) -> list[Node]:
    """The sections of a text, or the text as one, by the aspect that its topic has in schema.org."""
    page = absolute(article.get_absolute_url())
    sections = [(title, f"{page}#{anchor}") for anchor, title in rendering.contents(html)]
    return [
        {
            "@type": "HealthTopicContent",
            "headline": title,
            "url": url,
            "hasHealthAspect": _term(Topic(article.topic).health_aspect),
        }
        for title, url in sections or [(question, page)]
    ]


def question(page: "QuestionPage") -> Head:
    """A question page, its text checked already."""
    publication, revision, stamp = page.publication, page.revision, page.stamp
    article, condition = publication.article, publication.article.condition
    path, hub = article.get_absolute_url(), condition.get_absolute_url()
    source = SOURCES.get(revision.origin)
    node = {
        "@type": "MedicalWebPage",
        "@id": absolute(path),
        "url": absolute(path),
        "name": revision.question,
        "description": revision.short_answer,
        "inLanguage": article.language,
        "datePublished": _moment(publication.first_at),
        "dateModified": _moment(publication.changed_at),
        **_claims(stamp),
        "publisher": publisher(),
        "medicalAudience": PATIENTS,
        "digitalSourceType": _term(source) if source else None,
        "about": _about(
            condition,
            publication.condition_name or condition.slug,
            [each["text"] for each in publication.other_names or []],
            [(each["system"], each["code"]) for each in publication.codes or []],
        ),
        "mainEntity": {
            "@type": "Question",
            "name": revision.question,
            "acceptedAnswer": {"@type": "Answer", "text": revision.short_answer, "url": absolute(path)},
        }
        if revision.short_answer
        else None,
        "hasPart": _parts(article, revision.question, revision.html),
        "citation": [_source(citation) for citation in page.citations],
        "breadcrumb": _trail(
            ("Conditions", reverse("conditions")),
            (publication.condition_name or condition.slug, hub),
            (revision.question, path),
        ),
    }
    lapsed = "" if stamp.in_date else " (review lapsed)"
    short = Truncator(revision.short_answer).words(DESCRIPTION_WORDS)
    return Head(f"{revision.question}{lapsed}", short, path, "article", _whole(node), condition)


def hub(
    condition: Condition, names: list[str], codes: Iterable[ConditionCode], shown: "list[Line]", overview: Any
) -> Head:
    """The page of a condition; of its overview, which is reviewed, the short answer under the overview's own stamp."""
    path = condition.get_absolute_url()
    parts: list[Node] = [
        {"@type": "MedicalWebPage", "@id": absolute(line.url), "url": absolute(line.url), "name": line.title}
        for line in shown
    ]
    if overview is not None:
        url = next(line.url for line in shown if line.topic == Topic.OVERVIEW)
        part = next(part for part in parts if part["@id"] == absolute(url))
        part |= {"description": overview["short_answer"], **_claims(overview["stamp"])}
    node = {
        "@type": "CollectionPage" if overview is None else "MedicalWebPage",
        "@id": absolute(path),
        "url": absolute(path),
        "name": condition.name,
        "inLanguage": "en",
        "publisher": publisher(),
        "about": _about(condition, condition.name, names, [(code.system, code.code) for code in codes]),
        "hasPart": parts,
        "breadcrumb": _trail(("Conditions", reverse("conditions")), (condition.name, path)),
    }
    words = f"{condition.name}: questions answered, each page reviewed by a named clinician."
    return Head(condition.name, words, path, data=_whole(node), feed_of=condition)


def community(condition: Condition, path: str, members: ShownCount | None) -> Head:
    """The page of a community; its number only as an exact figure that readers see too."""
    exact = members is not None and members.figure is not None and not members.rounded
    node = {
        "@type": "WebPage",
        "@id": absolute(path),
        "url": absolute(path),
        "name": f"The {condition.name} community",
        "inLanguage": "en",
        "publisher": publisher(),
        "mainEntity": _filled(
            {
                "@type": "Organization",
                "name": f"The {condition.name} community",
                "url": absolute(path),
                "interactionStatistic": {
                    "@type": "InteractionCounter",
                    "interactionType": {"@type": "JoinAction"},
                    "userInteractionCount": members.figure,
                }
                if exact and members is not None
                else None,
            }
        ),
        "breadcrumb": _trail(
            ("Conditions", reverse("conditions")), (condition.name, condition.get_absolute_url()), ("Community", path)
        ),
    }
    words = f"How many people joined the {condition.name} community, and how they are counted."
    return Head(f"The {condition.name} community", words, path, data=_whole(node))


def reviewer(row: Reviewer, checks: Iterable[CredentialCheck], today: dt.date) -> Head:
    """The page of a reviewer, with the licences that were found to hold today."""
    path = row.get_absolute_url()
    person = {
        "@type": "Person",
        "name": row.name,
        "url": absolute(path),
        "honorificSuffix": row.suffix,
        "jobTitle": row.specialty,
        "description": row.bio,
    }
    holds = [check for check in checks if check.valid_until and check.valid_from <= today <= check.valid_until]
    if holds:
        found = [
            _licence(each.profession, each.register, each.number, each.register_url)
            for each in (check.credential for check in holds)
        ]
        person |= {name: [each[name] for each in found if name in each] for name in found[0]}
    node = {
        "@type": "ProfilePage",
        "@id": absolute(path),
        "url": absolute(path),
        "name": row.signature,
        "inLanguage": "en",
        "publisher": publisher(),
        "mainEntity": _filled(person),
    }
    words = f"Who {row.signature} is, how the licence was checked, and which pages they approved."
    return Head(row.signature, words, path, "profile", _whole(node))


def home() -> Head:
    """The first page: the site and who runs it."""
    node = {
        "@type": "WebSite",
        "@id": absolute("/#site"),
        "url": absolute("/"),
        "name": settings.SITE_NAME,
        "inLanguage": "en",
        "publisher": publisher(),
    }
    words = "Medically reviewed answers about rare conditions. Every page shows who approved it, when, and until when."
    return Head(f"{settings.SITE_NAME}: answers about rare conditions, signed and dated", words, "/", data=_whole(node))


def _moment(moment: dt.datetime) -> str:
    """A moment to the second, in UTC."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
