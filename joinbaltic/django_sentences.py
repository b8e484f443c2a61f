"""Sentences of Django's admin that Latvian says otherwise. Nobody imports this: it is read for its texts.

Django puts the name of a kind of row behind a verb or a preposition, and its Latvian leaves it in the
nominative: "Pievienot saņēmējs". What stands in our catalogue overrules Django's, so these sentences are in
it, in words that a nominative fits. The titles of lists are templates/admin/change_list.html.
"""

from django.utils.translation import gettext_noop, ngettext_lazy

SENTENCES = (
    # --- titles and buttons ---
    gettext_noop("Add %s"),
    gettext_noop("Change %s"),
    gettext_noop("View %s"),
    gettext_noop("Add %(name)s"),
    gettext_noop("Add another %(model)s"),
    gettext_noop("Change selected %(model)s"),
    gettext_noop("View selected %(model)s"),
    gettext_noop("Delete selected %(model)s"),
    gettext_noop("Models in the %(name)s application"),
    # --- lists ---
    gettext_noop(" By %(filter_title)s "),
    gettext_noop("Select all %(total_count)s %(module_name)s"),
    ngettext_lazy("%(counter)s result", "%(counter)s results"),
    # --- what was done ---
    gettext_noop("The {name} “{obj}” was added successfully."),
    gettext_noop("The {name} “{obj}” was added successfully. You may add another {name} below."),
    gettext_noop("The {name} “{obj}” was changed successfully."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may edit it again below."),
    gettext_noop("The %(name)s “%(obj)s” was deleted successfully."),
    gettext_noop("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?"),
    gettext_noop("Changed {fields}."),
    # --- deleting ---
    gettext_noop("Cannot delete %(name)s"),
    gettext_noop(
        'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? '
        "All of the following related items will be deleted:"
    ),
    gettext_noop(
        "Deleting the %(object_name)s '%(escaped_object)s' would result in deleting related objects, "
        "but your account doesn't have permission to delete the following types of objects:"
    ),
    gettext_noop(
        "Deleting the %(object_name)s '%(escaped_object)s' would require deleting "
        "the following protected related objects:"
    ),
)
