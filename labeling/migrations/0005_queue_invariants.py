from django.db import migrations, models

REFUSE = """
CREATE FUNCTION labeling_refuse_older_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'generations_never_go_back: the queue is at %, not to be moved to %',
        OLD.generation, NEW.generation USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER generations_never_go_back BEFORE UPDATE OF generation ON labeling_project
    FOR EACH ROW WHEN (NEW.generation < OLD.generation) EXECUTE FUNCTION labeling_refuse_older_generation();
"""
ALLOW = """
DROP TRIGGER generations_never_go_back ON labeling_project;
DROP FUNCTION labeling_refuse_older_generation();
"""


class Migration(migrations.Migration):
    dependencies = [("labeling", "0004_ranking_reads")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="most_overlap",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="queueentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__has_key", "share")), name="an_entry_says_its_share"
            ),
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
