"""Gold documents stay settled by the answer that is known to be right, while annotators answer them too."""

from django.db import migrations, models

KEEP = """
CREATE FUNCTION labeling_keep_gold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM labeling_document d WHERE d.id = OLD.document_id AND d.is_gold) THEN
        RAISE EXCEPTION 'gold_stays_settled: document % is gold; end that before anything else settles it',
            OLD.document_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER gold_stays_settled BEFORE UPDATE OR DELETE ON labeling_resolution
    FOR EACH ROW EXECUTE FUNCTION labeling_keep_gold();
"""
LET_GO = """
DROP TRIGGER gold_stays_settled ON labeling_resolution;
DROP FUNCTION labeling_keep_gold();
"""
# Gold answers that came before gold documents did.
MARK = """
UPDATE labeling_resolution r SET how = 'gold' FROM labeling_annotation a
WHERE a.id = r.annotation_id AND a.source = 'gold';
UPDATE labeling_document d SET is_gold = true FROM labeling_resolution r
WHERE r.document_id = d.id AND r.how = 'gold';
"""
UNMARK = """
UPDATE labeling_document SET is_gold = false WHERE is_gold;
UPDATE labeling_resolution SET how = 'imported' WHERE how = 'gold';
"""


class Migration(migrations.Migration):
    dependencies = [("labeling", "0014_replays")]

    operations = [
        migrations.AddField(
            model_name="document",
            name="is_gold",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="resolution",
            name="how",
            field=models.CharField(
                choices=[
                    ("agreed", "Agreed"),
                    ("majority", "Majority"),
                    ("adjudicated", "Adjudicated"),
                    ("imported", "Imported"),
                    ("gold", "Gold"),
                ],
                max_length=15,
            ),
        ),
        migrations.RunSQL(MARK, UNMARK),
        migrations.RunSQL(KEEP, LET_GO),
    ]
