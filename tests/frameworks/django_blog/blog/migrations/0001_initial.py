from django.db import migrations, models


def first_posts(apps, schema_editor):
    post = apps.get_model("blog", "Post")
    post.objects.create(slug="first", title="First things first", text="A blog begins.")
    post.objects.create(slug="second", title="On <markup>", text="Text is text.")


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("slug", models.SlugField(unique=True)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True)),
            ],
            options={"ordering": ("slug",)},
        ),
        migrations.RunPython(first_posts, migrations.RunPython.noop),
    ]
