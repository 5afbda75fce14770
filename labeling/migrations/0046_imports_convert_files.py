"""Imports keep what of a binary file is not read."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0045_imports_retire_classes")]

    operations = [
        migrations.AddField(
            "importjob",
            "losses",
            ArrayField(models.TextField(), blank=True, db_default=[], default=list),
        ),
    ]
