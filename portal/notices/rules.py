"""What a change of the shared wording means for one school, and what a school may do with a clause.

The school is the controller: nothing new stands in its name against its will, and none of its own words go in silence.
Until a person has answered, its page says what it said before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from portal.core.i18n import N_
from portal.notices.merge import Merge, merge_clause
from portal.notices.models import ClausePolicy, OverrideMode, PreferenceKind

TELL_DPO_AFTER: Final = timedelta(days=28)
REMIND_AFTER: Final = (timedelta(days=7), timedelta(days=14))


class Outcome(StrEnum):
    INHERIT = "inherit"
    CONFIRM = "confirm"
    MERGED = "merged"
    CONFLICT = "conflict"
    OMITTED = "omitted"
    REVIEW = "review"
    UNCHANGED = "unchanged"


class Why(StrEnum):
    """The reason for an outcome; `REASONS` has the sentence."""

    TAKES = "takes"
    SAYS_THE_SAME = "says-the-same"
    ASKS_FIRST = "asks-first"
    STATES_A_FACT = "states-a-fact"
    FITS = "fits"
    HOLDS_ALREADY = "holds-already"
    SAME_SENTENCE = "same-sentence"
    RETIRED = "retired"
    SPLIT = "split"
    LOCKED = "locked"
    LEFT_OUT = "left-out"
    NEEDS_REVIEW = "needs-review"
    UNTOUCHED = "untouched"
    BESIDE = "beside"
    LACKS_FACT = "lacks-fact"
    THROUGH_TRUST = "through-trust"


REASONS: Final[Mapping[Why, str]] = {
    Why.TAKES: N_("The school takes shared wording as it comes."),
    Why.SAYS_THE_SAME: N_("The school’s own words are the same as the new shared words, so it shares them again."),
    Why.ASKS_FIRST: N_("The school wants to be asked first."),
    Why.STATES_A_FACT: N_("The clause states a fact about the school, so each school must say that it is true."),
    Why.FITS: N_("The new shared words fit together with the school’s own."),
    Why.HOLDS_ALREADY: N_("The school’s own words hold the change already."),
    Why.SAME_SENTENCE: N_("The school and the shared wording changed the same sentence, or two that belong together."),
    Why.RETIRED: N_("The shared clause is no more, and the school has words of its own in it."),
    Why.SPLIT: N_("The shared clause was split, and the school has words of its own in it."),
    Why.LOCKED: N_("The clause can no longer be changed by schools, and this school has words of its own in it."),
    Why.LEFT_OUT: N_("The school leaves this clause out."),
    Why.NEEDS_REVIEW: N_("The school changed this clause, and the Data Protection Officer must agree to the new text."),
    Why.UNTOUCHED: N_("This release does not change the clause."),
    Why.BESIDE: N_("The school’s own clause stands beside the shared one and is not touched."),
    Why.THROUGH_TRUST: N_(
        "The trust has words of its own in this clause, which the school shares: they change at once."
    ),
    Why.LACKS_FACT: N_("The new words need a fact that is missing, so the school keeps its earlier words until then."),
}


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """`text` is what the page says until somebody answers, `proposed` what it would say after a yes; None: nothing.

    In a conflict `proposed` is the merged text with the school's words in the places of conflict.
    """

    outcome: Outcome
    why: Why
    text: str | None
    proposed: str | None
    merge: Merge | None = None

    @property
    def reason(self) -> str:
        return REASONS[self.why]


@dataclass(frozen=True, slots=True)
class Flags:
    """A clause's flags in the new release.

    `review`: a school's change needs the DPO team's agreement; `confirm`: each school must say yes to new words;
    `is_split`: some of its sentences now stand in another clause.
    """

    review: bool = False
    confirm: bool = False
    is_split: bool = False


def plan_change(
    *,
    policy: ClausePolicy,
    flags: Flags,
    preference: PreferenceKind,
    mode: OverrideMode | None,
    base_text: str | None,
    shared_text: str | None,
    local_text: str | None,
) -> ChangePlan:
    """What becomes of one clause in one school when a release comes into force.

    `policy` and `flags` are those of the new release, `mode` the school's override. `base_text` is the shared text that
    the school's present words were made from, `shared_text` the new one, `local_text` the override's; all canonical.
    None is a clause that was not there, that is retired, or words that the school does not have.

    unchanged: the release does not touch what the school has here. inherit: the page says the shared words at once.
    confirm: they wait for the school's yes, because it wants to be asked or the clause states a fact about it.
    merged: the school's text takes in the change by itself. review: it would, but the DPO team must agree first.
    conflict: a person must choose, because the same sentence changed twice, or the clause under the school's words was
    retired, split or locked. omitted: the school leaves the clause out and goes on doing so.
    """
    is_new = shared_text != base_text or flags.is_split
    if mode in (OverrideMode.BEFORE, OverrideMode.AFTER):
        return ChangePlan(Outcome.UNCHANGED, Why.BESIDE, local_text, local_text)
    if mode is OverrideMode.OMIT and (shared_text is None or policy is ClausePolicy.OPTIONAL):
        return _kept(Outcome.OMITTED, Why.LEFT_OUT, None) if is_new else _kept(Outcome.UNCHANGED, Why.UNTOUCHED, None)
    if mode is OverrideMode.OMIT:
        return _shared(flags, preference, None, shared_text)
    if mode is None or local_text is None or local_text == base_text:
        return _shared(flags, preference, base_text, shared_text) if is_new else _untouched(base_text)
    return _own(policy, flags, preference, base_text, shared_text, local_text)


def until_filled_in(plan: ChangePlan, present: str | None) -> ChangePlan:
    """The same change where a fact that it needs is missing: nothing shows by itself."""
    if plan.outcome in {Outcome.INHERIT, Outcome.MERGED}:
        return ChangePlan(Outcome.CONFIRM, Why.LACKS_FACT, present, plan.proposed, plan.merge)
    return plan


def through_trust(base_text: str | None, trust_text: str | None) -> ChangePlan:
    """What becomes of a clause where a school shares its trust's own words: the trust is asked, and not the school."""
    if trust_text == base_text:
        return _untouched(base_text)
    return _kept(Outcome.INHERIT, Why.THROUGH_TRUST, trust_text)


def refusal(policy: ClausePolicy, mode: OverrideMode) -> str | None:
    """Why a school or trust may not do this with a clause, marked for translation; None when it may."""
    if policy is ClausePolicy.LOCKED and mode in (OverrideMode.ADAPT, OverrideMode.OMIT):
        return N_("This clause is the same in every school and cannot be changed. You can add a clause beside it.")
    if policy is not ClausePolicy.OPTIONAL and mode is OverrideMode.OMIT:
        return N_("This clause cannot be left out, because the law asks for it.")
    return None


def is_inherited_again(shared_text: str, local_text: str) -> bool:
    """An override that says what the shared clause says is none: it ends, and the school inherits again."""
    return shared_text == local_text


def _kept(outcome: Outcome, why: Why, text: str | None) -> ChangePlan:
    return ChangePlan(outcome, why, text, text)


def _untouched(text: str | None) -> ChangePlan:
    return _kept(Outcome.UNCHANGED, Why.UNTOUCHED, text)


def _shared(flags: Flags, preference: PreferenceKind, present: str | None, shared: str | None) -> ChangePlan:
    question = _question(flags, preference, shared)
    if question:
        return ChangePlan(Outcome.CONFIRM, question, present, shared)
    return _kept(Outcome.INHERIT, Why.TAKES, shared)


def _question(flags: Flags, preference: PreferenceKind, shared: str | None) -> Why | None:
    """A clause that goes states nothing about anybody, so only a school that wants to be asked is asked."""
    if flags.confirm and shared is not None:
        return Why.STATES_A_FACT
    return Why.ASKS_FIRST if preference is PreferenceKind.ASK else None


def _own(
    policy: ClausePolicy, flags: Flags, preference: PreferenceKind, base: str | None, shared: str | None, local: str
) -> ChangePlan:
    if local == shared:
        return _kept(Outcome.INHERIT, Why.SAYS_THE_SAME, shared)
    merged = merge_clause(base, shared, local)
    if policy is ClausePolicy.LOCKED and shared is not None:
        present = base if _question(flags, preference, shared) else shared
        return ChangePlan(Outcome.CONFLICT, Why.LOCKED, present, shared, merged)
    if shared is None or flags.is_split:
        why = Why.SPLIT if flags.is_split else Why.RETIRED
        return ChangePlan(Outcome.CONFLICT, why, local, shared, merged)
    if shared == base:
        return _untouched(local)
    if not merged.clean:
        return ChangePlan(Outcome.CONFLICT, Why.SAME_SENTENCE, local, merged.text, merged)
    return _clean(flags, preference, shared, local, merged)


def _clean(flags: Flags, preference: PreferenceKind, shared: str, local: str, merged: Merge) -> ChangePlan:
    if merged.text == local:
        return ChangePlan(Outcome.MERGED, Why.HOLDS_ALREADY, local, local, merged)
    question = _question(flags, preference, shared)
    if question:
        return ChangePlan(Outcome.CONFIRM, question, local, merged.text, merged)
    if merged.text == shared:
        return ChangePlan(Outcome.INHERIT, Why.SAYS_THE_SAME, shared, shared, merged)
    if flags.review:
        return ChangePlan(Outcome.REVIEW, Why.NEEDS_REVIEW, local, merged.text, merged)
    return ChangePlan(Outcome.MERGED, Why.FITS, merged.text, merged.text, merged)
