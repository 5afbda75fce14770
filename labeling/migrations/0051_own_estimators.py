"""A project may choose a model of another package, by the name that it announces."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0050_export_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='estimator',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='project',
            name='estimator_use',
            field=models.CharField(choices=[('expert', 'As one expert among the built-in ones'), ('alone', 'Alone, wherever it has predictions')], db_default='expert', default='expert', max_length=10),
        ),
    ]
