"""Documented values of the API, by their published names.

The numbers are part of the contract with existing scripts and never change meaning.
"""

from typing import Final

API_VERSION: Final = 40
BUILD_VERSION: Final = (0, 1, 0)

DEFAULT_API_PORT: Final = 8886
DEFAULT_SERVER_ADDRESS: Final = "localhost"
DEFAULT_TIMEOUT_SECONDS: Final = 10

FILETYPE_DIRECTORY: Final = 2
FILETYPE_REGULAR_FILE: Final = 4

# Minimum protection of a transfer. Every transfer is encrypted with AES-256-GCM, which satisfies all of them.
MIN_CIPHER_NONE: Final = 0
MIN_CIPHER_UNENCRYPTED: Final = 1
MIN_CIPHER_ENCRYPTED_128: Final = 2
MIN_CIPHER_ENCRYPTED_256: Final = 3

# What happens to a file that is already there. The in-place modes write into the final name,
# the others into a part file that takes the final name when it is whole.
OVERWRITE_IN_PLACE_NEVER: Final = 0
OVERWRITE_IN_PLACE_ALWAYS: Final = 1
OVERWRITE_IN_PLACE_SAME_SIZE: Final = 2
OVERWRITE_NEVER: Final = 3
OVERWRITE_ALWAYS: Final = 4
OVERWRITE_BACKUP: Final = 5
OVERWRITE_KEEP_BOTH: Final = 6

# What a transfer does about others on the line.
RATE_POLICY_FAIR: Final = "fair"
RATE_POLICY_BACKGROUND: Final = "background"
RATE_POLICY_FIXED: Final = "fixed"

SYMLINK_FOLLOW: Final = 0
SYMLINK_IGNORE: Final = 1
SYMLINK_PRESERVE: Final = 2

PERMISSION_UPLOAD: Final = 1
PERMISSION_DOWNLOAD: Final = 2
PERMISSION_MODIFY: Final = 4
PERMISSION_SHARE: Final = 8

BLOCK_SIZE: Final = 1 << 20
"""Bytes of the manifest's stream in one block; the last block may be shorter."""

DEFAULT_PRIORITY: Final = 100
DEFAULT_CHECKPOINT_SECONDS: Final = 10
