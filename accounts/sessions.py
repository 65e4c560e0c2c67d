"""Sessions in the database: their secrets rest encrypted, their devices follow a new key.

Django enters here by settings.
"""

from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from accounts.actions import follow_session
from engineroom import keyring

# Kept by allauth while an authenticator app is being set up, until its first code confirms it.
SECRETS = (SECRET_SESSION_KEY,)


class SessionStore(DatabaseSessionStore):
    """Named as Django's, whose signature carries the class name: older sessions stay readable."""

    def encode(self, session_dict):
        kept = dict(session_dict)
        for name in SECRETS:
            if kept.get(name):
                kept[name] = keyring.encrypt(kept[name])
        return super().encode(kept)

    def decode(self, session_data):
        found = super().decode(session_data)
        for name in SECRETS:
            if name not in found:
                continue
            try:
                found[name] = keyring.decrypt(found[name])
            except ValueError:
                # Its key has left the ring, or it is older than this store: set up again.
                del found[name]
        return found

    def cycle_key(self):
        """A changed password gives the session a new key; the device that came from it stays."""
        before, person = self.session_key, self.get(SESSION_KEY)
        super().cycle_key()
        if before and person:
            follow_session(person_key=int(person), before=before, after=self.session_key)
