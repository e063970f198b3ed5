"""The part of schema.org (30.0) that the site uses: its types, and what each property belongs to and takes.

Whoever adds a property to a page enters it here first, from the vocabulary itself. What the contracts forbid is not
in the table: `aspect` (superseded), `reviewedDate` (never was), FAQPage and QAPage (for other kinds of pages).
"""

import datetime as dt
import re
from typing import Any

# Each type and what it is a kind of.
TYPES: dict[str, set[str]] = {
    "Thing": set(),
    "CreativeWork": {"Thing"},
    "WebPage": {"CreativeWork"},
    "CollectionPage": {"WebPage"},
    "MedicalWebPage": {"WebPage"},
    "ProfilePage": {"WebPage"},
    "WebSite": {"CreativeWork"},
    "WebContent": {"CreativeWork"},
    "HealthTopicContent": {"WebContent"},
    "Comment": {"CreativeWork"},
    "Question": {"Comment"},
    "Answer": {"Comment"},
    "EducationalOccupationalCredential": {"CreativeWork"},
    "MedicalEntity": {"Thing"},
    "MedicalCondition": {"MedicalEntity"},
    "Intangible": {"Thing"},
    "CategoryCode": {"Intangible"},
    "MedicalCode": {"CategoryCode", "MedicalEntity"},
    "Audience": {"Intangible"},
    "PeopleAudience": {"Audience"},
    "MedicalAudience": {"Audience", "PeopleAudience"},
    "StructuredValue": {"Intangible"},
    "PropertyValue": {"StructuredValue"},
    "InteractionCounter": {"StructuredValue"},
    "ItemList": {"Intangible"},
    "BreadcrumbList": {"ItemList"},
    "ListItem": {"Intangible"},
    "Organization": {"Thing"},
    "Person": {"Thing"},
    "Action": {"Thing"},
    "JoinAction": {"Action"},
}
MEMBERS = {
    "HealthAspectEnumeration": {
        f"{name}HealthAspect"
        for name in (
            "Overview",
            "Symptoms",
            "Causes",
            "HowOrWhere",
            "Treatments",
            "Prognosis",
            "LivingWith",
            "RelatedTopics",
        )
    },
    "IPTCDigitalSourceEnumeration": {
        "TrainedAlgorithmicMediaDigitalSource",
        "CompositeWithTrainedAlgorithmicMediaDigitalSource",
    },
}
# Each property: on which types it stands, and of which types or kinds of value it is.
PROPERTIES: dict[str, tuple[set[str], set[str]]] = {
    "name": ({"Thing"}, {"Text"}),
    "url": ({"Thing"}, {"URL"}),
    "description": ({"Thing"}, {"Text"}),
    "alternateName": ({"Thing"}, {"Text"}),
    "identifier": ({"Thing"}, {"PropertyValue", "Text", "URL"}),
    "sameAs": ({"Thing"}, {"URL"}),
    "about": ({"CreativeWork"}, {"Thing"}),
    "mainEntity": ({"CreativeWork"}, {"Thing"}),
    "headline": ({"CreativeWork"}, {"Text"}),
    "text": ({"CreativeWork"}, {"Text"}),
    "inLanguage": ({"CreativeWork"}, {"Language"}),
    "datePublished": ({"CreativeWork"}, {"Date", "DateTime"}),
    "dateModified": ({"CreativeWork"}, {"Date", "DateTime"}),
    "publisher": ({"CreativeWork"}, {"Organization", "Person"}),
    "publishingPrinciples": ({"CreativeWork", "Organization", "Person"}, {"URL"}),
    "citation": ({"CreativeWork"}, {"CreativeWork", "Text"}),
    "hasPart": ({"CreativeWork"}, {"CreativeWork"}),
    "digitalSourceType": ({"CreativeWork"}, {"IPTCDigitalSourceEnumeration"}),
    "interactionStatistic": ({"CreativeWork", "Organization", "Person"}, {"InteractionCounter"}),
    "lastReviewed": ({"WebPage"}, {"Date"}),
    "reviewedBy": ({"WebPage"}, {"Organization", "Person"}),
    "breadcrumb": ({"WebPage"}, {"BreadcrumbList"}),
    "medicalAudience": ({"MedicalCondition", "MedicalWebPage"}, {"MedicalAudience"}),
    "audienceType": ({"Audience"}, {"Text"}),
    "hasHealthAspect": ({"HealthTopicContent"}, {"HealthAspectEnumeration"}),
    "acceptedAnswer": ({"Question"}, {"Answer", "ItemList"}),
    "code": ({"MedicalEntity"}, {"MedicalCode"}),
    "codeValue": ({"CategoryCode", "MedicalCode"}, {"Text"}),
    "codingSystem": ({"MedicalCode"}, {"Text"}),
    "honorificSuffix": ({"Person"}, {"Text"}),
    "jobTitle": ({"Person"}, {"Text"}),
    "hasCredential": ({"Organization", "Person"}, {"EducationalOccupationalCredential"}),
    "credentialCategory": ({"EducationalOccupationalCredential"}, {"Text", "URL"}),
    "recognizedBy": ({"EducationalOccupationalCredential"}, {"Organization"}),
    "propertyID": ({"PropertyValue"}, {"Text", "URL"}),
    "value": ({"PropertyValue"}, {"Text", "Integer"}),
    "interactionType": ({"InteractionCounter"}, {"Action"}),
    "userInteractionCount": ({"InteractionCounter"}, {"Integer"}),
    "itemListElement": ({"ItemList"}, {"ListItem", "Text", "Thing"}),
    "position": ({"CreativeWork", "ListItem"}, {"Integer", "Text"}),
    "item": ({"ListItem"}, {"Thing"}),
}
# Of these a node has one value, never a list.
SINGLE = {"lastReviewed", "reviewedBy", "dateModified", "datePublished", "mainEntity", "inLanguage", "about"}


def kinds(name: str) -> set[str]:
    """A type and all that it is a kind of."""
    return {name}.union(*(kinds(parent) for parent in TYPES[name]))


def wrong(node: dict[str, Any]) -> list[str]:
    """What is wrong with a node and all nodes in it."""
    kind = node.get("@type")
    if not isinstance(kind, str) or kind not in TYPES:
        return [f"{kind} is no type that we know"]
    found = []
    for name, value in node.items():
        if name in {"@context", "@type", "@id"}:
            continue
        if name not in PROPERTIES:
            found.append(f"{kind}.{name} is no property that we know")
            continue
        belongs, takes = PROPERTIES[name]
        if not belongs & kinds(kind):
            found.append(f"{name} does not belong to {kind}")
        values = value if isinstance(value, list) else [value]
        if isinstance(value, list) and (name in SINGLE or not value):
            found.append(f"{kind}.{name} is a list: {value}")
        found += [f"{kind}.{name} is {each}" for each in values if not _fits(each, takes)]
        found += [problem for each in values if isinstance(each, dict) and "@type" in each for problem in wrong(each)]
    return found


def _fits(value: Any, takes: set[str]) -> bool:
    """Whether a value is of one of the kinds that a property takes."""
    if isinstance(value, dict):
        if "@type" in value:
            return value["@type"] in TYPES and bool(kinds(value["@type"]) & takes)
        term = str(value.get("@id", "")).removeprefix("https://schema.org/")
        return set(value) == {"@id"} and any(term in MEMBERS.get(kind, set()) for kind in takes)
    if isinstance(value, int) and not isinstance(value, bool):
        return "Integer" in takes
    return isinstance(value, str) and bool(value) and any(_written(value, kind) for kind in takes)


def _written(words: str, kind: str) -> bool:
    match kind:
        case "Text":
            return True
        case "URL":
            return bool(re.fullmatch(r"https?://\S+", words))
        case "Language":
            return bool(re.fullmatch(r"[a-z]{2}(-[A-Z]{2})?", words))
        case "Date":
            return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", words)) and bool(dt.date.fromisoformat(words))
        case "DateTime":
            return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", words))
    return False
