"""TRUNCATE fires no trigger of rows: the four tables refuse it by one of their statement."""

from django.db import migrations

TABLES = ("annotation", "label", "guideline", "classrule")


class Migration(migrations.Migration):
    dependencies = [("labeling", "0038_imports_can_be_undone")]

    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON labeling_{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION labeling_refuse_change();",
            f"DROP TRIGGER {table}_is_never_emptied ON labeling_{table};",
        )
        for table in TABLES
    ]
