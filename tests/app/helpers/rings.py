"""A keyring in memory: a real backend of the keyring package; those of this machine are never touched."""

from keyring.backend import KeyringBackend


class MemoryRing(KeyringBackend):
    priority = 5

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]
