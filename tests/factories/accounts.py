from itertools import count

from accounts.models import User

PASSWORD = "correct horse battery"  # noqa: S105 - a test password
_number = count(1)


def make_user(**fields) -> User:
    """A person with PASSWORD; pass is_staff, is_superuser, name… to differ."""
    fields.setdefault("email", f"person{next(_number)}@example.com")
    fields.setdefault("password", PASSWORD)
    return User.objects.create_user(**fields)
