"""Other recipes are tried on a project's labels, and what came of it."""

import django.contrib.postgres.fields
import django.db.models.deletion
import labeling.db.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0016_gold_is_settled"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="owedwork",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "Read uploaded files"),
                    ("featurize", "Make features of new documents"),
                    ("embed", "Make sentence embeddings"),
                    ("train", "Train and rank"),
                    ("rank", "Rank again with the model that is there"),
                    ("replay", "Replay the labels"),
                    ("tune", "Try other recipes"),
                ],
                max_length=15,
            ),
        ),
        migrations.CreateModel(
            name="Tuning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField(db_default=labeling.db.clock.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "classes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                (
                    "annotations",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("label_count", models.PositiveIntegerField()),
                ("trials", models.JSONField(default=dict)),
                ("verdicts", models.JSONField(default=list)),
                ("strength", models.FloatField(null=True)),
                ("augmentation", models.CharField(blank=True, db_default="", max_length=10)),
                ("dismissed_at", models.DateTimeField(null=True)),
                (
                    "dismissed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tunings",
                        to="labeling.project",
                    ),
                ),
            ],
            options={
                "ordering": ["project", "-id"],
                "indexes": [models.Index(fields=["project", "-id"], name="tunings_newest_first")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("project",),
                        name="one_tuning_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("finished_at", None), ("strength__isnull", False), _connector="OR"
                        ),
                        name="a_finished_tuning_has_its_recipe",
                    ),
                ],
            },
        ),
    ]
