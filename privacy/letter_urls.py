"""Addresses of letters, below /<language>/letters/: whoever has the link reads the letter."""

from django.urls import path

from privacy.views import letters

app_name = "letters"
urlpatterns = [path("<slug:token>/", letters.letter, name="letter")]
