from celery import shared_task

from porting.board import digests, reminders


@shared_task(name="remind_of_porting")
def remind_of_porting() -> None:
    """Note the reminders of today. Run again, it makes up for a run that was killed."""
    reminders.send_out(reminders.note_day())


@shared_task(name="send_porting_reminders")
def send_porting_reminders() -> None:
    for reminder_id in digests.due():
        send_porting_reminder.delay(reminder_id)


@shared_task(name="send_porting_reminder")
def send_porting_reminder(reminder_id: int) -> None:
    digests.send_reminder(reminder_id)
