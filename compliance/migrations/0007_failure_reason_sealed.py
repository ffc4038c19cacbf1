import portal.secrets
from django.db import migrations


class Migration(migrations.Migration):
    """What stands there in clear is forgotten: the next sync reads it again and seals it."""

    dependencies = [
        ("compliance", "0006_reminder_says_stalled"),
    ]

    operations = [
        migrations.RunSQL(
            """
            UPDATE compliance_supportingdocument
            SET failure_reason = '', payload = payload - 'failure_reason'
            WHERE failure_reason <> ''
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="supportingdocument",
            name="failure_reason",
            field=portal.secrets.EncryptedTextField(blank=True),
        ),
    ]
