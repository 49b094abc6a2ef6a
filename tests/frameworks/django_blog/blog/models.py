"""What the blog holds."""

from __future__ import annotations

from django.db import models


class Post(models.Model):
    """One post of the blog."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.title
