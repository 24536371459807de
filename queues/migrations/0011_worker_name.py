from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0010_suspects'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='worker_name',
            field=models.CharField(blank=True, db_default='', max_length=200),
        ),
    ]
