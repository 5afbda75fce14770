"""Imported annotations keep who made them elsewhere; files may be of other tools."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0043_owed_work_is_a_job")]

    operations = [
        migrations.AddField("annotation", "origin", models.JSONField(null=True)),
        migrations.AddField("importjob", "predicted", models.BigIntegerField(db_default=0, default=0)),
        migrations.AlterField("importjob", "file_format", models.CharField(blank=True, max_length=20)),
        migrations.AlterField(
            "importjob",
            "state",
            models.CharField(
                choices=[
                    ("converting", "Reading the file"),
                    ("uploaded", "Waiting for column mapping"),
                    ("queued", "Queued"),
                    ("running", "Importing"),
                    ("done", "Imported"),
                    ("failed", "Failed"),
                    ("stopped", "Stopped"),
                    ("undoing", "Undoing"),
                    ("undone", "Undone"),
                ],
                default="uploaded",
                max_length=10,
            ),
        ),
    ]
