"""Sharing in words: how long, how often, how strong, and the message that goes with a link."""

import datetime
import math
import secrets
from collections.abc import Callable
from typing import Final

from jetstream.entities import Token
from jetstream_desktop.i18n import apart, tr, trn

DAY: Final = 86_400 * 1_000_000
_WORDS: Final = (
    "amber apple arrow autumn basin beach birch bison cabin candle canyon cedar cherry clover cobalt comet copper "
    "coral crane delta ember falcon fern field finch forest garnet ginger glacier granite harbour hazel heron hollow "
    "indigo island ivory jasper juniper kettle lagoon lantern laurel lemon lilac linen lotus maple marble meadow mango "
    "mirror misty nectar noble ocean olive onyx opal orchid otter paper pebble pepper pine planet plum prairie quartz "
    "quiet raven reed ribbon river robin rocket saffron sage salmon sand shadow silver sparrow spruce stone summer "
    "sunset thistle timber topaz tulip tundra valley velvet violet walnut willow winter yellow zephyr"
).split()


def generate_password(choose: Callable[[int], int] = secrets.randbelow) -> str:
    """A password that can be said on the telephone: three words and a number, about 28 bits of chance."""
    words = [_WORDS[choose(len(_WORDS))] for _ in range(3)]
    return "-".join([*words, str(10 + choose(90))])


def strength(password: str) -> tuple[int, str]:
    """0 (none) to 3 (good) and the word for it. Counts kinds of letters and repeats; it is a hint, no promise."""
    if not password:
        return 0, tr("no password")
    kinds = [(str.islower, 26), (str.isupper, 26), (str.isdigit, 10)]
    pool = sum(size for test, size in kinds if any(test(letter) for letter in password))
    pool += 30 if any(not letter.isalnum() for letter in password) else 0
    bits = math.log2(max(pool, 2)) * len(set(password))
    if bits < 35:
        return 1, tr("weak")
    return (2, tr("fair")) if bits < 55 else (3, tr("good"))


def moment(micros: int, zone: datetime.tzinfo | None = None) -> str:
    """A time for people: ``Mon 30 Nov, 14:00``."""
    when = datetime.datetime.fromtimestamp(micros / 1e6, datetime.UTC).astimezone(zone)
    days = [tr("Mon"), tr("Tue"), tr("Wed"), tr("Thu"), tr("Fri"), tr("Sat"), tr("Sun")]
    return f"{days[when.weekday()]} {day_and_time(micros, zone)}"


def day_and_time(micros: int, zone: datetime.tzinfo | None = None) -> str:
    """The same without the weekday, for columns: ``30 Nov, 14:00``."""
    when = datetime.datetime.fromtimestamp(micros / 1e6, datetime.UTC).astimezone(zone)
    months = [tr("Jan"), tr("Feb"), tr("Mar"), tr("Apr"), tr("May"), tr("Jun"), tr("Jul"), tr("Aug"), tr("Sep"),
              tr("Oct"), tr("Nov"), tr("Dec")]
    return tr("{day} {month}, {time}", day=when.day, month=months[when.month - 1], time=f"{when:%H:%M}")


def exact_moment(micros: int, zone: datetime.tzinfo | None = None) -> str:
    """The same with seconds, where several things happen within a minute: ``Mon 30 Nov, 14:00:07``."""
    when = datetime.datetime.fromtimestamp(micros / 1e6, datetime.UTC).astimezone(zone)
    return f"{moment(micros, zone)}:{when:%S}"


def seconds_until_morning(now: int, zone: datetime.tzinfo | None = None) -> int:
    """Seconds from *now* (µs) to eight o'clock of the next day."""
    here = datetime.datetime.fromtimestamp(now / 1e6, datetime.UTC).astimezone(zone)
    morning = (here + datetime.timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
    return round((morning - here).total_seconds())


def used(token: Token) -> str:
    """``2 of 5 used``."""
    if token.download_limit is None:
        return tr("not used yet") if not token.download_count else trn(
            "used once", "used {count} times", token.download_count)
    return apart(tr("{n} of {limit} used", n=token.download_count, limit=token.download_limit))


def until(token: Token, now: int, zone: datetime.tzinfo | None = None) -> str:
    """When the token ends, or that it has ended."""
    if token.expiry_time is None:
        return tr("never ends")
    if token.expiry_time <= now:
        return tr("ended {when}", when=moment(token.expiry_time, zone))
    return tr("until {when}", when=moment(token.expiry_time, zone))


def alive(token: Token, now: int) -> bool:
    """Whether someone can still fetch with it."""
    if token.expiry_time is not None and token.expiry_time <= now:
        return False
    return token.download_limit is None or token.download_count < token.download_limit


def message(token: Token, what: str, now: int, zone: datetime.tzinfo | None = None) -> str:
    """Text to paste into a mail: what it is, the link, the token by hand, and how long."""
    lines = [tr("“{what}” is ready for you.", what=what), ""]
    if token.link:
        lines += [token.link, ""]
    lines.append(tr("Or choose Get in JetStream and type this token: {token}", token=token.token))
    if token.expiry_time is not None:
        lines.append(tr("It works {until}.", until=until(token, now, zone)))
    if token.password_required:
        lines.append(tr("The password comes by another way."))
    return "\n".join(lines)
