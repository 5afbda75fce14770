"""Dataset versions, which never change once they are frozen."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import labeling.db.clock

# Of a frozen version, nothing may change but that it is deleted, which keeps its row and so its number.
KEEP = """
CREATE FUNCTION labeling_keep_dataset_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'deleted' OR (
        OLD.state = 'ready'
        AND (NEW.state <> 'deleted' OR to_jsonb(NEW) - 'state' <> to_jsonb(OLD) - 'state')
    ) THEN
        RAISE EXCEPTION 'a frozen dataset version never changes'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER a_frozen_dataset_version_never_changes BEFORE UPDATE ON labeling_datasetversion
FOR EACH ROW EXECUTE FUNCTION labeling_keep_dataset_version();
"""
RELEASE = """
DROP TRIGGER a_frozen_dataset_version_never_changes ON labeling_datasetversion;
DROP FUNCTION labeling_keep_dataset_version();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0047_versions_of_another_guideline"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('import', 'Import uploaded files'), ('featurize', 'Compute features of new documents'), ('embed', 'Compute sentence embeddings'), ('train', 'Train a model and rank documents'), ('rank', 'Re-rank documents with the current model'), ('replay', 'Replay the labels to measure savings'), ('tune', 'Tune hyperparameters'), ('dataset', 'Write dataset versions'), ('tell_languages', 'Detect document languages')], max_length=15),
        ),
        migrations.CreateModel(
            name='DatasetVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(blank=True, db_default='', max_length=100)),
                ('note', models.CharField(blank=True, db_default='', max_length=1000)),
                ('content', models.CharField(choices=[('annotators', 'The annotations of each annotator'), ('final', 'Final labels only')], default='annotators', max_length=10)),
                ('created_at', models.DateTimeField(db_default=labeling.db.clock.Now())),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('writing', 'Writing'), ('ready', 'Frozen'), ('failed', 'Failed'), ('deleted', 'Deleted')], default='queued', max_length=10)),
                ('run', models.UUIDField(blank=True, null=True)),
                ('guideline', models.PositiveIntegerField(blank=True, null=True)),
                ('model', models.PositiveIntegerField(blank=True, null=True)),
                ('byte_count', models.BigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, db_default='', max_length=64)),
                ('statistics', models.JSONField(blank=True, default=dict)),
                ('failure', models.TextField(blank=True, db_default='')),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='dataset_versions', to='labeling.project')),
            ],
            options={
                'ordering': ['project', '-number'],
                'constraints': [models.UniqueConstraint(fields=('project', 'number'), name='one_dataset_version_per_number'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'ready'), _negated=True), models.Q(('byte_count__gt', 0), models.Q(('sha256', ''), _negated=True), ('run__isnull', False)), _connector='OR'), name='a_frozen_dataset_version_has_its_hash')],
            },
        ),
        migrations.RunSQL(KEEP, RELEASE),
    ]
