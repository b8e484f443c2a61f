"""The tag by which the checks of the data map are run alone."""

TAG = "personal_data"
