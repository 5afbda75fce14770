"""What the queue would have saved, told by the project's own labels."""

import django.contrib.postgres.fields
import django.db.models.deletion
import labeling.db.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0013_asked_again"),
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
                ],
                max_length=15,
            ),
        ),
        migrations.CreateModel(
            name="Replay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField(db_default=labeling.db.clock.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "classes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                (
                    "pool_annotations",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "test_annotations",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("label_count", models.PositiveIntegerField()),
                ("seconds_per_answer", models.FloatField(null=True)),
                ("answers_per_document", models.PositiveSmallIntegerField()),
                ("result", models.JSONField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
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
                        related_name="replays",
                        to="labeling.project",
                    ),
                ),
            ],
            options={
                "ordering": ["project", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ReplayCurve",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "strategy",
                    models.CharField(
                        choices=[
                            ("default", "Mix: weak classes, doubt with variety, some at random"),
                            ("margin", "Doubt only: smallest margin first"),
                            ("disagreement", "Disagreement of the committee"),
                            ("random", "At random"),
                            ("herding", "Coverage, for 50 classes and more"),
                        ],
                        max_length=15,
                    ),
                ),
                ("seed", models.PositiveSmallIntegerField()),
                (
                    "labels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), size=None
                    ),
                ),
                ("decided", models.BinaryField()),
                ("seconds", models.FloatField()),
                (
                    "replay",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="curves",
                        to="labeling.replay",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="replay",
            index=models.Index(fields=["project", "-id"], name="replays_newest_first"),
        ),
        migrations.AddConstraint(
            model_name="replay",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)), fields=("project",), name="one_replay_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="replay",
            constraint=models.CheckConstraint(
                condition=models.Q(("finished_at", None), ("result__isnull", False), _connector="OR"),
                name="a_finished_replay_has_its_result",
            ),
        ),
        migrations.AddConstraint(
            model_name="replaycurve",
            constraint=models.UniqueConstraint(
                fields=("replay", "strategy", "seed"), name="one_curve_per_strategy_and_seed"
            ),
        ),
    ]
