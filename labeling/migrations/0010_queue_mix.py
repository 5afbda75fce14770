"""A manager's own parts of the queue's mix."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import labeling.db.clock


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0009_seed_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="QueueMix",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="queue_mix",
                        serialize=False,
                        to="labeling.project",
                    ),
                ),
                ("random", models.PositiveSmallIntegerField()),
                ("weak_class", models.PositiveSmallIntegerField()),
                ("second_opinion", models.PositiveSmallIntegerField()),
                ("seed_words", models.PositiveSmallIntegerField()),
                ("changed_at", models.DateTimeField(db_default=labeling.db.clock.Now())),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            random__lte=100 - F("weak_class") - F("second_opinion") - F("seed_words"),
                            random__gte=0,
                        ),
                        name="shares_are_at_most_the_whole",
                    )
                ]
            },
        ),
    ]
