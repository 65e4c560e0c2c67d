"""People. An e-mail address is the name; nothing here knows courses or money."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from engineroom import clock, ids
from engineroom.fields import EncryptedTextField


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        """A person who can sign in; without a password only by link, passkey or provider."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("person"), editable=False
    )
    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    locale = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    is_staff = models.BooleanField("may use the admin", default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField("joined at", default=clock.now, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_per_email")]

    def __str__(self):
        return self.email

    def get_full_name(self):
        return self.name or self.email

    def get_short_name(self):
        return self.name.split()[0] if self.name else self.email.split("@")[0]


class Device(models.Model):
    """A program that acts for a person: a phone, a script. Tokens are stored as SHA-256 digests."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("device"), editable=False
    )
    person = models.ForeignKey(User, models.CASCADE, related_name="devices")
    name = models.CharField(max_length=80, blank=True)
    access_digest = models.CharField(max_length=64, unique=True)
    access_expires_at = models.DateTimeField()
    refresh_digest = models.CharField(max_length=64, unique=True)
    refresh_expires_at = models.DateTimeField()
    session_key = models.CharField(max_length=40, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    used_at = models.DateTimeField(default=clock.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-used_at"]

    def __str__(self):
        return self.name or self.public_id


class SignInLink(models.Model):
    """A mailed link that signs in once. Only the digest of its token is stored."""

    person = models.ForeignKey(User, models.CASCADE, related_name="sign_in_links")
    email = models.EmailField(max_length=254)
    digest = models.CharField(max_length=64, unique=True)
    next_path = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="sign_in_link_by_expiry")]

    def __str__(self):
        return f"link of {self.created_at:%Y-%m-%d %H:%M}"


class IdentityProvider(models.Model):
    """An OpenID Connect provider that people may sign in through."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    server_url = models.URLField("issuer address", max_length=300)
    client_id = models.CharField(max_length=200)
    client_secret = EncryptedTextField(blank=True)
    is_active = models.BooleanField(default=True)

    def __str__(self):
        return self.name


class TeamQuerySet(models.QuerySet):
    def of(self, person):
        """Teams that the person belongs to; all others do not exist for them."""
        return self.filter(members__person=person)

    def run_by(self, person):
        """Teams whose seats the person may give out."""
        return self.filter(members__person=person, members__role__in=TeamMember.RUNNERS)


class Team(models.Model):
    """People who learn together. Seats that are bought belong to the team, not to who paid."""

    public_id = models.CharField(
        max_length=40, unique=True, default=ids.maker("team"), editable=False
    )
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return f"/teams/{self.public_id}/"


class TeamMember(models.Model):
    """A person owns one team at most, so that it is plain where the seats they buy go."""

    class Role(models.TextChoices):
        OWNER = "owner"
        MANAGER = "manager"
        MEMBER = "member"

    RUNNERS = (Role.OWNER, Role.MANAGER)

    team = models.ForeignKey(Team, models.CASCADE, related_name="members")
    person = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "person"], name="once_in_a_team"),
            models.UniqueConstraint(
                fields=["team"], condition=models.Q(role="owner"), name="one_owner_per_team"
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(role="owner"),
                name="one_owned_team_per_person",
            ),
        ]

    def __str__(self):
        return f"{self.person} in {self.team}"

    @property
    def may_run(self) -> bool:
        return self.role in self.RUNNERS
