"""What the labeling desk remembers: first display, own keys, what was read of the guideline, questions."""

import django.db.models.deletion
import labeling.db.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0017_tuning"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="lease",
            name="shown_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="keys",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="membership",
            name="read_guideline",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="project",
            name="confirms_choice",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="project",
            name="suggestion_policy",
            field=models.CharField(
                choices=[
                    ("hidden", "Hide it"),
                    ("after", "Show it after the first choice"),
                    ("shown", "Show it"),
                    ("preselected", "Choose it beforehand"),
                ],
                default="hidden",
                max_length=15,
            ),
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(blank=True, db_default="", max_length=64)),
                ("text", models.CharField(max_length=1000)),
                ("asked_at", models.DateTimeField(db_default=labeling.db.clock.Now())),
                ("reply", models.CharField(blank=True, db_default="", max_length=1000)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answerer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="labeling.document",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="labeling.project",
                    ),
                ),
            ],
            options={
                "ordering": ["project", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("answered_at", None)),
                        fields=["project", "id"],
                        name="waiting_questions",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True),
                        fields=("asker", "key"),
                        name="one_question_per_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("answerer", None), ("reply", "")),
                            models.Q(("answered_at__isnull", False), ("answerer__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_answered_question_says_by_whom",
                    ),
                ],
            },
        ),
    ]
