"""The Celery application, and everything that happens by itself, on one screen."""

import os

from celery import Celery
from celery.schedules import crontab
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("numberdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks(
    [
        "portal",
        "portal.people",
        "portal.webhooks",
        "inventory",
        "inventory.addresses",
        "inventory.emergency",
        "compliance",
        "compliance.documents",
        "compliance.callbacks",
        "compliance.guided",
        "compliance.renewals",
        "porting",
        "porting.hosting",
        "porting.following",
        "porting.board",
    ]
)

# Starting any of these twice is harmless, so two beats are too.
app.conf.beat_schedule = {
    "note that beat is alive": {"task": "beat_tick", "schedule": 15.0, "options": {"expires": 15}},
    "read what has grown old": {"task": "start_due_syncs", "schedule": 20.0, "options": {"expires": 20}},
    "settle changes whose answer was lost": {
        "task": "settle_number_operations",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "settle changes of addresses whose answer was lost": {
        "task": "settle_address_operations",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "settle emergency addresses whose answer was lost": {
        "task": "settle_emergency_operations",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "follow emergency addresses under way": {
        "task": "follow_emergency_registrations",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "settle purchases whose answer was lost": {
        "task": "settle_purchases",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "settle compliance work whose answer was lost": {
        "task": "settle_compliance_operations",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "settle uploads of documents whose answer was lost": {
        "task": "settle_document_operations",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "settle updates of bundles whose answer was lost": {
        "task": "settle_renewals",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "remind of last days of bundles": {"task": "remind_of_deadlines", "schedule": crontab(hour=6, minute=0)},
    "settle port-in requests whose answer was lost": {
        "task": "settle_port_in_operations",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "settle cancellations of port-ins whose answer was lost": {
        "task": "settle_cancellations",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    # Three times, so that a run that was killed is made up for; everybody is told once a day.
    "remind of deadlines of porting": {
        "task": "remind_of_porting",
        "schedule": crontab(hour="6-8", minute=10),
    },
    "send reminders of porting that wait": {
        "task": "send_porting_reminders",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "go on with batches": {"task": "look_after_batches", "schedule": 10.0, "options": {"expires": 10}},
    "move the last month on": {"task": "refresh_number_activity", "schedule": crontab(hour=0, minute=5)},
    "sweep out empty facets": {"task": "recount_numbers", "schedule": 24 * 3600.0},
    "read what callbacks told of": {
        "task": "send_waiting_deliveries",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "ask for reviews that Twilio does not tell of": {
        "task": "poll_reviews",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "follow eligibility checks at Twilio": {
        "task": "follow_eligibility_checks",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "ask for hosted numbers that Twilio does not tell of": {
        "task": "poll_hosting",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "settle hosting whose answer was lost": {
        "task": "settle_hosting",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "forget old callbacks": {"task": "forget_old_deliveries", "schedule": 6 * 3600.0},
    "delete files of documents that were decided upon": {
        "task": "purge_document_files",
        "schedule": crontab(hour=3, minute=20),
    },
    "delete bills and drafts of port-in requests": {
        "task": "purge_port_in_drafts",
        "schedule": crontab(hour=3, minute=40),
    },
    "delete what was typed for bundles that are no drafts any more": {
        "task": "purge_guided_answers",
        "schedule": crontab(hour=3, minute=30),
    },
    "delete what was typed to host numbers": {
        "task": "purge_hosting",
        "schedule": crontab(hour=3, minute=30),
    },
    "delete files that belong to nothing": {
        "task": "purge_files",
        "schedule": crontab(hour=3, minute=10),
    },
    "forget old sync runs": {"task": "prune_sync_runs", "schedule": 6 * 3600.0},
    "forget sessions that ended": {"task": "forget_ended_sessions", "schedule": 6 * 3600.0},
}
