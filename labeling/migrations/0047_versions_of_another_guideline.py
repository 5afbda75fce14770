"""Imported guideline versions keep who wrote them elsewhere."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0046_imports_convert_files")]

    operations = [
        migrations.AddField(
            "guideline", "author_elsewhere", models.CharField(blank=True, db_default="", max_length=150)
        ),
    ]
