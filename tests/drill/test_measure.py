from headroom.drill.measure import back_seconds


def test_connections_that_were_never_lost_are_back_at_once() -> None:
    assert back_seconds([(0.0, 40), (1.0, 40), (2.0, 38)], since=1.0, until=3.0) == 0.0


def test_connections_are_back_the_first_time_that_95_percent_are_open_again() -> None:
    series = [(0.9, 40), (1.1, 0), (1.9, 37), (2.4, 38), (3.0, 40)]
    assert back_seconds(series, since=1.0, until=4.0) == 2.4 - 1.0


def test_what_a_timeout_closes_later_is_not_the_failovers_doing() -> None:
    series = [(0.9, 40), (1.1, 0), (2.0, 40), (9.9, 36)]
    assert back_seconds(series, since=1.0, until=10.0) == 1.0


def test_connections_that_never_come_back_have_no_time() -> None:
    assert back_seconds([(0.9, 40), (1.1, 0), (9.9, 30), (10.5, 40)], since=1.0, until=10.0) is None


def test_without_a_count_from_before_nothing_is_known() -> None:
    assert back_seconds([(1.1, 40)], since=1.0, until=10.0) is None
