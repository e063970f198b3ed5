import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0002_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(choices=[("country", "Keep my country")], max_length=10)),
                ("version", models.CharField(max_length=20)),
                (
                    "agreed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("taken_back_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="MemberLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                "verbose_name": "look at a member",
                "verbose_name_plural": "looks at members",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="StrikeOut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.BigIntegerField(db_index=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("why", models.CharField(max_length=300)),
            ],
            options={
                "verbose_name": "struck-out account",
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="member",
            name="is_held",
            field=models.BooleanField(
                db_default=False, help_text="Waits for a moderator, and is not counted until then."
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(fields=["community", "is_held"], name="members_counted"),
        ),
        migrations.AddField(
            model_name="consent",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="consents", to="community.member"
            ),
        ),
        migrations.AddField(
            model_name="memberlook",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="memberlook",
            name="community",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.community"
            ),
        ),
        migrations.AddField(
            model_name="strikeout",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_back_at__isnull", True)),
                fields=("member", "purpose"),
                name="one_open_consent_a_purpose",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("version", ""), _negated=True), name="consent_names_its_text"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["country"])), name="purpose_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="strikeout",
            constraint=models.CheckConstraint(
                condition=models.Q(("why", ""), _negated=True), name="strike_out_has_a_reason"
            ),
        ),
    ]
