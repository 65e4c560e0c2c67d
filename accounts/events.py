"""What happens to people, for those who must hear of it."""

from dataclasses import dataclass

from engineroom.events import Event


@dataclass(frozen=True, kw_only=True)
class EmailVerified(Event):
    """The person showed that the address is theirs: by the mail's link, or because they came by it."""

    name = "email.verified"
    person_id: int
    email: str


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """Name, addresses and means of signing in are gone; the row stays under a pseudonym."""

    name = "person.erased"
    person_id: int
