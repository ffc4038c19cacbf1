"""All that is known of a bundle while it is being made or repaired, and how far each of its tasks is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone

from compliance.evaluations import Fault, read_faults
from compliance.guided.findings import sentence_of
from compliance.guided.inputs import (
    ADDRESS,
    CONTACT,
    END_USER,
    WAY,
    Problem,
    anchor,
    document_task,
    task_url,
)
from compliance.guided.repairs import rejections_of
from compliance.matching import Match, judge_document
from compliance.models import Bundle, EndUser, Evaluation, GuidedAnswer, ItemAssignment, SupportingDocument
from compliance.requirements import DocumentNeed, EndUserNeed, Requirements, is_blank, read_requirements
from inventory.models import Address


class State(StrEnum):
    """The five that a task list knows (UX-26)."""

    COMPLETED = "Completed"
    IN_PROGRESS = "In progress"
    NOT_STARTED = "Not yet started"
    CANNOT_START = "Cannot start yet"
    PROBLEM = "There is a problem"


@dataclass(frozen=True)
class Task:
    """One row of the task list."""

    key: str
    name: str
    url: str
    state: State
    hint: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def is_link(self) -> bool:
        return self.state != State.CANNOT_START


@dataclass
class Draft:
    """A bundle with its regulation, items, saved answers and newest evaluation. Read by `read_draft`."""

    bundle: Bundle
    requirements: Requirements
    end_users: Sequence[EndUser]
    documents: Sequence[SupportingDocument]
    answers: Mapping[str, GuidedAnswer]
    evaluation: Evaluation | None
    changed_at: datetime | None
    addresses: Mapping[str, Address] = field(default_factory=dict)
    _judged_before: dict[str, list[Match]] = field(default_factory=dict, repr=False)

    @property
    def country(self) -> str:
        return self.bundle.regulation.iso_country if self.bundle.regulation else ""

    @cached_property
    def end_user_need(self) -> EndUserNeed | None:
        wanted = self.bundle.regulation.end_user_type if self.bundle.regulation else ""
        return self.requirements.end_user(wanted) or next(iter(self.requirements.end_users), None)

    @cached_property
    def end_user(self) -> EndUser | None:
        """The one that Twilio looks at: the first of the type asked for."""
        need = self.end_user_need
        return next((one for one in self.end_users if need and one.type == need.type), None)

    @property
    def end_user_values(self) -> Mapping[str, Any]:
        return self.end_user.values if self.end_user else {}

    def said(self, task: str) -> Mapping[str, Any]:
        """What was saved at a task; {} if nothing was."""
        answer = self.answers.get(task)
        return answer.values if answer and isinstance(answer.values, dict) else {}

    # Ways to satisfy the regulation

    @cached_property
    def way(self) -> int | None:
        """Which of several sets of documents this bundle takes: the chosen one, or the one that is there."""
        sets = [[need.requirement_name for need in group] for group in self.requirements.alternatives]
        if len(sets) < 2:
            return 0 if sets else None
        chosen = self.said(WAY).get("needs")
        if chosen in sets:
            return sets.index(chosen)
        met = (
            index
            for index, group in enumerate(self.requirements.alternatives)
            if all(self._fitting(need) for need in group)
        )
        return next(met, None)

    @cached_property
    def needs(self) -> tuple[DocumentNeed, ...]:
        """The requirements of the way that was chosen; until then those that every way has."""
        ways = self.requirements.alternatives
        if self.way is not None:
            return ways[self.way]
        common = [{need.requirement_name for need in group} for group in ways]
        shared = set.intersection(*common) if common else set()
        return tuple(need for need in (ways[0] if ways else ()) if need.requirement_name in shared)

    def need(self, requirement_name: str) -> DocumentNeed | None:
        found = (one for one in self.needs if one.requirement_name == requirement_name)
        return next(found, None)

    # Documents

    def matches(self, need: DocumentNeed) -> list[Match]:
        """The bundle's documents of a type that satisfies the requirement, the best one first."""
        if need.requirement_name in self._judged_before:
            return self._judged_before[need.requirement_name]
        today = timezone.now().date()
        found = [
            judge_document(
                document, need, end_user=self.end_user_values, country=self.country,
                addresses=self.addresses, today=today,
            )
            for document in self.documents
            if need.accepts(document.type)
        ]  # fmt: skip
        found.sort(key=lambda match: len(match.faults))
        self._judged_before[need.requirement_name] = found
        return found

    def _fitting(self, need: DocumentNeed) -> bool:
        return any(match.fits for match in self.matches(need))

    def held(self, need: DocumentNeed) -> Match | None:
        """The document that is there for a requirement.

        One that is there for another requirement and lacks something for this one is not, unless somebody
        chose it.
        """
        matches = self.matches(need)
        if not matches:
            return None
        best = matches[0]
        chosen = self.said(document_task(need)).get("use")
        if best.fits or best.item.pk == chosen:
            return best
        chosen_one = next((match for match in matches if match.item.pk == chosen), None)
        if chosen_one:
            return chosen_one
        if not self._is_untouched(best, need):
            return best
        others = [one for one in self.needs if one.requirement_name != need.requirement_name]
        serves_another = any(
            match.fits and match.item.pk == best.item.pk for other in others for match in self.matches(other)
        )
        return None if serves_another else best

    @staticmethod
    def _is_untouched(match: Match, need: DocumentNeed) -> bool:
        """Whether all that is wrong with a document is that nobody has filled it in for this requirement."""
        accepted = need.accepts(match.item.type)
        asked = {one.name for one in accepted.fields} if accepted else set()
        return all(name in asked and is_blank(match.item.values.get(name)) for name in match.faults)

    @property
    def cited(self) -> list[str]:
        """Addresses that the bundle's documents cite."""
        return list(dict.fromkeys(sid for document in self.documents for sid in document.address_sids))

    @property
    def chosen_address(self) -> str:
        """The address that the documents are to cite: the one chosen here, else the one they cite."""
        chosen = str(self.said(ADDRESS).get("use") or "")
        if chosen in self.addresses:
            return chosen
        return next((sid for sid in self.cited if sid in self.addresses), "")

    @property
    def takes_address(self) -> bool:
        return any(accepted.cites_addresses for need in self.needs for accepted in need.accepted)

    @property
    def must_be_domestic(self) -> bool:
        return any(
            need.is_domestic and any(accepted.cites_addresses for accepted in need.accepted)
            for need in self.needs
        )

    # What Twilio found

    @property
    def has_current_evaluation(self) -> bool:
        """Whether nothing has changed at Twilio since the newest evaluation."""
        if self.evaluation is None or (self.changed_at and self.evaluation.at < self.changed_at):
            return False
        # Two things of one second: it misses what is there, so it is the older one.
        return not any(fault.is_absence and self._is_there(fault) for fault in self._found)

    @cached_property
    def _found(self) -> list[Fault]:
        return read_faults(self.evaluation.results) if self.evaluation else []

    @cached_property
    def faults(self) -> list[Fault]:
        """What the newest evaluation found of what is there, if it is still true."""
        if not self.has_current_evaluation:
            return []
        known = {need.requirement_name for need in self.needs}
        if self.end_user_need:
            known.add(self.end_user_need.requirement_name)
        return [
            fault for fault in self._found
            if fault.requirement_name in known and self._is_there(fault)
        ]  # fmt: skip

    def _is_there(self, fault: Fault) -> bool:
        """A task that was not begun is no fault of anybody's."""
        if self.end_user_need and fault.requirement_name == self.end_user_need.requirement_name:
            return self.end_user is not None
        need = self.need(fault.requirement_name)
        return need is not None and self.held(need) is not None

    def faults_of(self, requirement_name: str) -> list[Fault]:
        return [fault for fault in self.faults if fault.requirement_name == requirement_name]

    # Tasks

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        tasks = [self._end_user_task()]
        if len(self.requirements.alternatives) > 1:
            tasks.append(self._way_task())
        if self.takes_address:
            tasks.append(self._address_task())
        tasks += [self._document_task(need) for need in self.needs]
        tasks.append(self._contact_task())
        done = all(task.state == State.COMPLETED for task in tasks)
        url = reverse("compliance:bundle-check", args=[self.bundle.pk])
        state = State.NOT_STARTED if done else State.CANNOT_START
        hint = "" if done else "Opens when everything above is completed."
        return (*tasks, Task("check", "Check and submit", url, state, hint))

    @property
    def open_tasks(self) -> list[Task]:
        """Tasks that somebody still has to do, in order; the last step is none of them."""
        return [task for task in self.tasks[:-1] if task.state != State.COMPLETED]

    @property
    def is_ready(self) -> bool:
        return not self.open_tasks

    @property
    def problems(self) -> list[Problem]:
        return [problem for task in self.tasks for problem in task.problems]

    def task(self, key: str) -> Task:
        return next(task for task in self.tasks if task.key == key)

    def next_url(self, after: str) -> str:
        """Where Continue leads: to the next open task behind this one, then to any, then to the check."""
        tasks = self.tasks
        index = next((number for number, task in enumerate(tasks) if task.key == after), 0)
        order = [*tasks[index + 1 : -1], *tasks[:index]]
        waiting = next((task for task in order if task.state != State.COMPLETED), None)
        if waiting:
            return waiting.url
        this = tasks[index]
        return tasks[-1].url if this.state == State.COMPLETED else self.tasks_url

    @property
    def tasks_url(self) -> str:
        return reverse("compliance:bundle-tasks", args=[self.bundle.pk])

    def _end_user_task(self) -> Task:
        need, end_user = self.end_user_need, self.end_user
        url = task_url(self.bundle.pk, END_USER)
        name = "Say who the end user is"
        hint = f"{need.name}, who will use the numbers." if need else ""
        if end_user is None or need is None:
            return Task(END_USER, name, url, self._begun(END_USER), hint)
        words = {field: f"{text.removesuffix('.')}" for field, text in need.faults(end_user.values).items()}
        return self._judged(END_USER, name, url, str(end_user), words, need.requirement_name)

    def _way_task(self) -> Task:
        state = State.COMPLETED if self.way is not None else State.NOT_STARTED
        hint = "The regulation accepts several sets; one is enough."
        if self.way is not None:
            hint = self.way_name(self.way)
        return Task(WAY, "Choose which documents to send", task_url(self.bundle.pk, WAY), state, hint)

    def _address_task(self) -> Task:
        url, name = task_url(self.bundle.pk, ADDRESS), "Give the address"
        address = self.addresses.get(self.chosen_address)
        if address is None:
            return Task(ADDRESS, name, url, self._begun(ADDRESS), "It is cited by the documents.")
        return Task(ADDRESS, name, url, State.COMPLETED, str(address))

    def _document_task(self, need: DocumentNeed) -> Task:
        key = document_task(need)
        url, name = task_url(self.bundle.pk, key), f"Prove: {need.name}"
        match = self.held(need)
        if match is None:
            count = len(need.accepted)
            hint = f"Any one of {count} documents." if count > 1 else "".join(a.name for a in need.accepted)
            return Task(key, name, url, self._begun(key), hint)
        faults = {field: words for field, words in match.faults.items() if field != "status"}
        task = self._judged(key, name, url, str(match.item), faults, need.requirement_name)
        if "status" not in match.faults:
            return task
        problems = (*rejections_of(self, match.item, need), *task.problems)
        return replace(task, state=State.PROBLEM, problems=problems)

    def _contact_task(self) -> Task:
        url, name = task_url(self.bundle.pk, CONTACT), "Check contact and callback"
        state = State.COMPLETED if self.bundle.email else self._begun(CONTACT)
        return Task(CONTACT, name, url, state, "Whom Twilio writes to about the review.")

    def _judged(
        self, key: str, name: str, url: str, hint: str, words: Mapping[str, str], requirement_name: str
    ) -> Task:
        """The state of a task whose item is there: ours first, then what Twilio found beyond that."""
        problems = [
            Problem(text.removesuffix("."), f"{url}#{anchor(one)}", key) for one, text in words.items()
        ]
        problems += [
            Problem(sentence_of(fault), f"{url}#{anchor(fault.field)}", key)
            for fault in self.faults_of(requirement_name)
            if fault.field not in words
        ]
        state = State.PROBLEM if problems else State.COMPLETED
        return Task(key, name, url, state, hint, tuple(problems))

    def _begun(self, key: str) -> State:
        return State.IN_PROGRESS if self.said(key) else State.NOT_STARTED

    def way_name(self, index: int) -> str:
        """What sets one way apart from the others."""
        ways = self.requirements.alternatives
        common = set.intersection(*({need.requirement_name for need in group} for group in ways))
        own = [need.name for need in ways[index] if need.requirement_name not in common]
        return " and ".join(own) or "Nothing besides what every way asks for"


def read_draft(bundle: Bundle) -> Draft:
    """Read it all, in a constant number of queries."""
    regulation = bundle.regulation
    items = list(ItemAssignment.objects.present().filter(bundle=bundle))
    order = {item.object_sid: number for number, item in enumerate(items)}
    end_users = EndUser.objects.present().filter(pk__in=order)
    documents = list(SupportingDocument.objects.present().filter(pk__in=order))
    found = sorted(end_users, key=lambda row: order[row.pk])
    documents.sort(key=lambda row: order[row.pk])
    answers = {answer.task: answer for answer in GuidedAnswer.objects.filter(bundle_sid=bundle.pk)}
    evaluations = Evaluation.objects.filter(bundle=bundle)
    evaluation = evaluations.order_by("-remote_created_at", "-first_seen_at", "-sid").first()
    moments = [
        *(item.remote_created_at for item in items),
        *(row.remote_updated_at for row in [*found, *documents]),
    ]
    draft = Draft(
        bundle=bundle,
        requirements=read_requirements(regulation.payload.get("requirements") if regulation else None),
        end_users=found,
        documents=documents,
        answers=answers,
        evaluation=evaluation,
        changed_at=max((moment for moment in moments if moment), default=None),
    )
    sids = {*draft.cited, str(draft.said(ADDRESS).get("use") or "")}
    draft.addresses = Address.objects.present().filter(account=bundle.account_id).in_bulk(sorted(sids - {""}))
    return draft
