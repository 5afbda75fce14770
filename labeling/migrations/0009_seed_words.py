"""Classes remember the words that find documents of them while they have few labels."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0008_near_duplicates")]

    operations = [
        migrations.AddField(
            model_name="labelclass",
            name="seed_words",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=50), blank=True, db_default=[], default=list, size=20
            ),
        ),
    ]
