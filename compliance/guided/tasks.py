from celery import shared_task

from compliance.guided import retention


@shared_task(name="purge_guided_answers")
def purge_guided_answers() -> None:
    retention.purge_answers()
