"""Addresses of letters, below /<language>/letters/: whoever has the link reads the letter."""

from django.urls import path

from privacy import letter_views

app_name = "letters"
urlpatterns = [path("<slug:token>/", letter_views.letter, name="letter")]
