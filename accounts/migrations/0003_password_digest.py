from django.db import migrations, models

# Tokens that were made before this belong to the password that their user has now.
FILL = """
    UPDATE accounts_apitoken AS token
    SET password_digest = encode(sha256(convert_to(owner.password, 'UTF8')), 'hex')
    FROM accounts_user AS owner
    WHERE owner.id = token.user_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_tokens'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='password_digest',
            field=models.CharField(default='', editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterModelOptions(
            name='apitoken',
            options={
                'permissions': [('grant_apitoken', 'Can grant API tokens to other users')],
                'verbose_name': 'API token',
            },
        ),
    ]
