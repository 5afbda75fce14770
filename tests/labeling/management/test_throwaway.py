"""Does a simulation leave this process as it was?"""

from celery import current_app

from labeling.management.throwaway import without_workers


def test_messages_go_to_the_broker_again_after_a_simulation() -> None:
    before = current_app.conf.broker_url
    with without_workers():
        assert current_app.conf.broker_url == "memory://localhost/"
    assert current_app.conf.broker_url == before
