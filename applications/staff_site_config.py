"""Django's admin app with our site as the default one. Read before there are models: apart from the site."""

from django.contrib.admin.apps import AdminConfig


class StaffSiteConfig(AdminConfig):
    default = False
    default_site = "applications.staff_site.ProductSite"
