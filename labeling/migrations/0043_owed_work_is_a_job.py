"""The model of jobs gets its name; the table keeps its own, so that the old and the new service run side by side."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0042_words_of_choices")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterModelTable(name="owedwork", table="labeling_owedwork"),
                migrations.RenameModel(old_name="OwedWork", new_name="Job"),
                migrations.AlterField(
                    model_name="job",
                    name="project",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="labeling.project",
                    ),
                ),
            ]
        )
    ]
