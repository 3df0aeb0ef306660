from jetstream_desktop.state.connection import Connecting, Failed, LoginRefused, retry_delay, seconds_until


def test_delays_grow_and_stay_short():
    assert [retry_delay(n) for n in range(9)] == [1, 1, 2, 4, 8, 16, 30, 30, 30]


def test_countdown():
    assert seconds_until(Failed("no", 12.4), 10.0) == 3
    assert seconds_until(Failed("no", 9.0), 10.0) == 0
    assert seconds_until(LoginRefused("no"), 10.0) is None
    assert seconds_until(Connecting(0.0, "…"), 10.0) is None
