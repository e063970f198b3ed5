"""The closed lists of words: topics, languages, and how a text came to be."""

from django.db import models


class Topic(models.TextChoices):
    """What a question is about; the order is the order on a condition's page."""

    OVERVIEW = "overview", "Overview"
    SYMPTOMS = "symptoms", "Symptoms"
    CAUSES = "causes", "Causes"
    DIAGNOSIS = "diagnosis", "Diagnosis"
    TREATMENT = "treatment", "Treatment"
    OUTLOOK = "outlook", "Outlook"
    LIVING = "living", "Living with it"
    RESEARCH = "research", "Research"

    @property
    def health_aspect(self) -> str:
        """The schema.org HealthAspectEnumeration member, without the address."""
        return _ASPECTS[self.value][0]

    @property
    def mesh(self) -> str:
        """The MeSH descriptor or qualifier that HL7 Infobutton uses as subTopic; empty where there is none."""
        return _ASPECTS[self.value][1]


_ASPECTS = {
    "overview": ("OverviewHealthAspect", ""),
    "symptoms": ("SymptomsHealthAspect", ""),
    "causes": ("CausesHealthAspect", "Q000209"),
    "diagnosis": ("HowOrWhereHealthAspect", "Q000175"),
    "treatment": ("TreatmentsHealthAspect", "Q000628"),
    "outlook": ("PrognosisHealthAspect", "D011379"),
    "living": ("LivingWithHealthAspect", ""),
    "research": ("RelatedTopicsHealthAspect", ""),
}


class Language(models.TextChoices):
    """Languages a text can be in; others are reserved, not possible yet."""

    ENGLISH = "en", "English"


class Origin(models.TextChoices):
    """How a text came to be; part of its digest."""

    HUMAN = "human", "Written by a person"
    ASSISTED = "assisted", "Written with the help of a machine"
    MACHINE = "machine", "Drafted by a machine"
