from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("community", "0004_pictures")]

    operations = [
        migrations.AddConstraint(
            model_name="countrysnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(("total__gte", 11)), name="country_snapshot_has_a_public_total"
            ),
        ),
        migrations.AddConstraint(
            model_name="countrysnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("counted_on", None), ("rest", 0), ("split_total", 0)),
                    models.Q(("counted_on__isnull", False), ("rest__gte", 11), ("split_total__gte", 22)),
                    _connector="OR",
                ),
                name="country_snapshot_has_no_small_rest",
            ),
        ),
        migrations.AddConstraint(
            model_name="yearfigure",
            constraint=models.CheckConstraint(
                condition=models.Q(("figure", None), ("figure__gte", 11), _connector="OR"),
                name="no_small_figure_of_a_year",
            ),
        ),
    ]
