"""The admin site: Django's own, with the school's sign-in, look and front page."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.utils.decorators import method_decorator

from engineroom import slots


class SchoolAdmin(admin.AdminSite):
    site_header = "Lectern"
    site_title = "Lectern administration"
    index_title = "Today"
    index_template = "admin/index.html"
    enable_nav_sidebar = True

    def index(self, request, extra_context=None):
        """The front page shows the boards that the apps put into the slot `admin.board`.

        What the school does today comes before how it runs.
        """
        boards = [board for board in slots.gather("admin.board", request) if board]
        boards.sort(key=lambda board: board.get("rank", 0))
        return super().index(request, {"boards": boards, **(extra_context or {})})

    @method_decorator(secure_admin_login)
    def login(self, request, extra_context=None):
        return super().login(request, extra_context)
