"""American names in the models; the columns keep theirs, so that nothing changes in the database."""

from django.core.validators import RegexValidator
from django.db import migrations, models

COLOR = models.CharField(
    db_column="colour",
    default="#0072b2",
    max_length=7,
    validators=[RegexValidator(r"^#[0-9a-f]{6}$", "A color is # and six hexadecimal digits.")],
)
LABELED = models.BigIntegerField(db_column="labelled", default=0)


class Migration(migrations.Migration):
    dependencies = [("labeling", "0040_forget_two_columns")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                operation
                for model, before, after, field in (
                    ("labelclass", "colour", "color", COLOR),
                    ("importjob", "labelled", "labeled", LABELED),
                )
                for operation in (
                    migrations.RenameField(model_name=model, old_name=before, new_name=after),
                    migrations.AlterField(model_name=model, name=after, field=field),
                )
            ]
        )
    ]
