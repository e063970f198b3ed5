from django.db import migrations

from articles import folding, rendering


def enter(apps, schema_editor):
    """The words of every text that was published before there was an index."""
    Revision = apps.get_model("articles", "Revision")
    IndexedText = apps.get_model("reviews", "IndexedText")
    Publication = apps.get_model("reviews", "Publication")
    for number in (
        Publication.objects.order_by("review__revision").values_list("review__revision", flat=True).distinct()
    ):
        revision = Revision.objects.get(pk=number)
        IndexedText.objects.get_or_create(
            revision=revision,
            defaults={
                "form": folding.FORM,
                "question": folding.keys(revision.question),
                "short_answer": folding.keys(revision.short_answer),
                "body": folding.keys(rendering.plain(revision.html)),
            },
        )


class Migration(migrations.Migration):
    dependencies = [("reviews", "0007_search")]

    operations = [migrations.RunPython(enter, migrations.RunPython.noop)]
