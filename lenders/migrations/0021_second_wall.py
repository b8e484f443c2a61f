"""Row security against the use of restricted data (GDPR Art. 18); see applications/0022_second_wall."""

from django.db import migrations

TABLES = ("submission", "offer", "supplement", "suppliedfile", "lenderword", "lendernotasked")


class Migration(migrations.Migration):
    dependencies = [("applications", "0022_second_wall"), ("lenders", "0020_words_to_lenders")]

    operations = [
        migrations.RunSQL(f"SELECT wall_off('lenders_{table}')", f"SELECT take_wall_down('lenders_{table}')")
        for table in TABLES
    ]
