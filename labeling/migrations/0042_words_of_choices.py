"""Plain words for choices and for what validators say; nothing changes in the database."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0041_american_names'),
    ]

    operations = [
        migrations.AlterField(
            model_name='annotation',
            name='source',
            field=models.CharField(choices=[('person', 'Annotator'), ('machine', 'Machine'), ('import', 'Import'), ('adjudication', 'Adjudication'), ('gold', 'Gold')], default='person', max_length=15),
        ),
        migrations.AlterField(
            model_name='apitoken',
            name='answers',
            field=models.CharField(choices=[('person', 'Its owner: a person makes each annotation'), ('machine', 'A machine: a model or script makes the annotations')], db_default='person', default='person', max_length=10),
        ),
        migrations.AlterField(
            model_name='apitoken',
            name='scope',
            field=models.CharField(choices=[('read', 'Read'), ('annotate', 'Read and annotate'), ('manage', 'Full access: everything its owner can do')], default='annotate', max_length=10),
        ),
        migrations.AlterField(
            model_name='classneed',
            name='mode',
            field=models.CharField(choices=[('automatic', 'Automatic'), ('by_hand', 'Manual'), ('off', 'Off')], default='automatic', max_length=10),
        ),
        migrations.AlterField(
            model_name='document',
            name='state',
            field=models.CharField(choices=[('open', 'Unlabeled'), ('disputed', 'Disputed'), ('resolved', 'Labeled'), ('excluded', 'Excluded')], default='open', max_length=10),
        ),
        migrations.AlterField(
            model_name='guideline',
            name='change',
            field=models.CharField(choices=[('first', 'First version'), ('clarification', 'Clarification: labels stay the same'), ('rule', 'Rule change: some labels may change')], max_length=15),
        ),
        migrations.AlterField(
            model_name='importjob',
            name='state',
            field=models.CharField(choices=[('uploaded', 'Waiting for column mapping'), ('queued', 'Queued'), ('running', 'Importing'), ('done', 'Imported'), ('failed', 'Failed'), ('stopped', 'Stopped'), ('undoing', 'Undoing'), ('undone', 'Undone')], default='uploaded', max_length=10),
        ),
        migrations.AlterField(
            model_name='labelclass',
            name='color',
            field=models.CharField(db_column='colour', default='#0072b2', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-f]{6}$', 'A color must be # and six hexadecimal digits.')]),
        ),
        migrations.AlterField(
            model_name='labelclass',
            name='key',
            field=models.CharField(blank=True, max_length=1, validators=[django.core.validators.RegexValidator('^[0-9a-z]$', 'A key must be a digit or a lowercase letter.')]),
        ),
        migrations.AlterField(
            model_name='lease',
            name='state',
            field=models.CharField(choices=[('live', 'Active'), ('submitted', 'Submitted'), ('skipped', 'Skipped'), ('deferred', 'Postponed'), ('released', 'Released'), ('expired', 'Expired')], default='live', max_length=10),
        ),
        migrations.AlterField(
            model_name='owedwork',
            name='kind',
            field=models.CharField(choices=[('import', 'Import uploaded files'), ('featurize', 'Compute features of new documents'), ('embed', 'Compute sentence embeddings'), ('train', 'Train a model and rank documents'), ('rank', 'Re-rank documents with the current model'), ('replay', 'Replay the labels to measure savings'), ('tune', 'Tune hyperparameters'), ('tell_languages', 'Detect document languages')], max_length=15),
        ),
        migrations.AlterField(
            model_name='project',
            name='kind',
            field=models.CharField(choices=[('single', 'Single-label classification'), ('multi', 'Multi-label classification'), ('spans', 'Span labeling (NER)')], max_length=10),
        ),
        migrations.AlterField(
            model_name='project',
            name='strategy',
            field=models.CharField(choices=[('default', 'Balanced (recommended): weak classes, uncertainty, random'), ('margin', 'Uncertainty sampling'), ('disagreement', 'Committee disagreement'), ('random', 'Random'), ('herding', 'Coverage (50 classes or more)')], default='default', max_length=15),
        ),
        migrations.AlterField(
            model_name='project',
            name='suggestion_policy',
            field=models.CharField(choices=[('hidden', 'Hidden'), ('after', 'Shown after the first choice'), ('shown', 'Shown'), ('preselected', 'Preselected')], default='hidden', max_length=15),
        ),
        migrations.AlterField(
            model_name='replaycurve',
            name='strategy',
            field=models.CharField(choices=[('default', 'Balanced (recommended): weak classes, uncertainty, random'), ('margin', 'Uncertainty sampling'), ('disagreement', 'Committee disagreement'), ('random', 'Random'), ('herding', 'Coverage (50 classes or more)')], max_length=15),
        ),
    ]
