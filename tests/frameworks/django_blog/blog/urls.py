"""The addresses of the blog."""

from __future__ import annotations

from django.urls import path

from blog import views

urlpatterns = [
    path("", views.index, name="index"),
    path("posts/<slug:slug>", views.detail, name="detail"),
    path("data/<slug:slug>", views.data),
    path("feed", views.feed),
    path("visits", views.visits),
]
