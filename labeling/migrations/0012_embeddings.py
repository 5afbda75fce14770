"""Workers may owe sentence embeddings too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0011_outside_predictions")]

    operations = [
        migrations.AlterField(
            model_name="owedwork",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "Read uploaded files"),
                    ("featurize", "Make features of new documents"),
                    ("embed", "Make sentence embeddings"),
                    ("train", "Train and rank"),
                    ("rank", "Rank again with the model that is there"),
                ],
                max_length=15,
            ),
        ),
    ]
