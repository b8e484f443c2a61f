DATE_FORMAT = SHORT_DATE_FORMAT = "d.m.Y."
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "d.m.Y. H:i"
# The first is how a form shows what is there already: no second of it may be lost.
DATE_INPUT_FORMATS = ["%d.%m.%Y.", "%d.%m.%Y", "%Y-%m-%d"]
TIME_INPUT_FORMATS = ["%H:%M:%S", "%H:%M", "%H.%M"]
