"""The queue is compared with the labels that it drew at random, and gives way to these where it loses."""

import django.contrib.postgres.fields
import django.db.models.deletion
import labeling.db.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0049_test_documents_by_content'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='falls_back',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('import', 'Import uploaded files'), ('featurize', 'Compute features of new documents'), ('embed', 'Compute sentence embeddings'), ('train', 'Train a model and rank documents'), ('rank', 'Re-rank documents with the current model'), ('replay', 'Replay the labels to measure savings'), ('tune', 'Tune hyperparameters'), ('compare', 'Compare the queue with random sampling'), ('dataset', 'Write dataset versions'), ('tell_languages', 'Detect document languages')], max_length=15),
        ),
        migrations.CreateModel(
            name='ControlComparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(db_default=labeling.db.clock.Now())),
                ('finished_at', models.DateTimeField(null=True)),
                ('label_count', models.PositiveIntegerField()),
                ('pool_size', models.PositiveIntegerField()),
                ('classes', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('annotations', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('random_annotations', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('test_annotations', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('curves', models.BinaryField(default=b'')),
                ('result', models.JSONField(null=True)),
                ('level', models.PositiveSmallIntegerField(default=0)),
                ('calm', models.PositiveSmallIntegerField(default=0)),
                ('falls', models.PositiveSmallIntegerField(default=0)),
                ('fallen_since', models.DateTimeField(null=True)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='control_comparisons', to='labeling.project')),
            ],
            options={
                'ordering': ['project', '-id'],
                'indexes': [models.Index(fields=['project', '-id'], name='comparisons_newest_first')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at', None)), fields=('project',), name='one_comparison_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('fallen_since', None), ('level', 0)), models.Q(('fallen_since__isnull', False), ('level__gt', 0)), _connector='OR'), name='a_fallback_has_its_start')],
            },
        ),
    ]
