from django.db import migrations

TABLES = ("annotation", "label", "guideline", "classrule")

REFUSE = """
CREATE FUNCTION labeling_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: add a row that supersedes instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("labeling", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION labeling_refuse_change();"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON labeling_{table} "
                "FOR EACH ROW EXECUTE FUNCTION labeling_refuse_change();",
                f"DROP TRIGGER {table}_is_append_only ON labeling_{table};",
            )
            for table in TABLES
        ),
    ]
