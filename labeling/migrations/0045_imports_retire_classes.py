"""Imports of another tool's project retire the classes that are retired there."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0044_annotations_of_other_tools")]

    operations = [
        migrations.AddField(
            "importjob",
            "retired_classes",
            ArrayField(models.CharField(max_length=100), blank=True, db_default=[], default=list),
        ),
    ]
