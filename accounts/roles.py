"""The four roles, and what each may do in the admin, as patterns over `app.codename`.

Rooms above are named by text only: a room that is left out matches nothing.
"""

LEARNER = "learner"
INSTRUCTOR = "instructor"
SUPPORT = "support"
MANAGER = "manager"

PERMISSIONS: dict[str, tuple[str, ...]] = {
    # A learner acts on what is their own, which needs no permission: the queries see to that.
    LEARNER: (),
    INSTRUCTOR: (
        "catalog.view_*",
        "catalog.add_*",
        "catalog.change_*",
        "learning.view_*",
    ),
    SUPPORT: (
        "accounts.view_*",
        "accounts.change_user",
        "accounts.change_device",
        "catalog.view_*",
        "learning.view_*",
        "learning.add_grant",
        "learning.change_grant",
        "payments.view_*",
        "engineroom.view_auditentry",
    ),
    MANAGER: (
        "accounts.*",
        "auth.view_group",
        "catalog.*",
        "learning.*",
        "payments.*",
        "engineroom.view_*",
        "engineroom.move_clock",
        "engineroom.change_outboxevent",
    ),
}
ROLES = tuple(PERMISSIONS)
STAFF_ROLES = (INSTRUCTOR, SUPPORT, MANAGER)
LABELS = {
    LEARNER: "Learner: learns; no access to the admin",
    INSTRUCTOR: "Instructor: writes and publishes courses",
    SUPPORT: "Support: looks things up, helps people, gives access",
    MANAGER: "Manager: runs the school",
}
