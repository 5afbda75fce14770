"""The constraint and the index of gold documents; apart from their marks, which have triggers that wait."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("labeling", "0015_gold")]

    operations = [
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=Q(is_gold=False) | Q(state="resolved"), name="a_gold_document_is_settled"
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["project", "id"], condition=Q(is_gold=True), name="gold_documents"),
        ),
    ]
