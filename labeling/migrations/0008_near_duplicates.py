from django.db import migrations, models

# Documents that were there before are compared once, by the worker that makes features.
OWE_COMPARING = """
    INSERT INTO labeling_owedwork (project_id, kind, state)
    SELECT id, 'featurize', 'queued' FROM labeling_project WHERE document_count > 0
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0007_sign_in_failures'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='grouped_count',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('near_duplicate_group__isnull', False)), fields=['project', 'near_duplicate_group'], name='near_duplicates'),
        ),
        migrations.RunSQL(OWE_COMPARING, migrations.RunSQL.noop),
    ]
