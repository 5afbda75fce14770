"""Forget two columns that nobody wrote: `Focus.is_automatic` and `ModelVersion.path`.

They leave the models now and the tables later: in a rolling restart a process of the version before still selects and
inserts them by name, and would fail if they were gone. The database fills them until then, since a new process names
them no more. A later migration drops them, when no such process can be left.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("labeling", "0039_append_only_tables_are_never_emptied")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {value};",
                    f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT;",
                )
            ],
            state_operations=[migrations.RemoveField(model_name=model, name=column)],
        )
        for model, table, column, value in (
            ("focus", "labeling_focus", "is_automatic", "false"),
            ("modelversion", "labeling_modelversion", "path", "''"),
        )
    ]
