"""Runs the rules in force on a day over one notice."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from portal.notices.lint.contact_checks import CONTACT_CHECKS
from portal.notices.lint.content_checks import CONTENT_CHECKS
from portal.notices.lint.findings import Finding, in_order
from portal.notices.lint.link_checks import LINK_CHECKS
from portal.notices.lint.notice import Context, Notice
from portal.notices.lint.promise_checks import PROMISE_CHECKS
from portal.notices.lint.rules import Rule, rules_in_force
from portal.notices.lint.structure_checks import STRUCTURE_CHECKS
from portal.notices.lint.wording_checks import WORDING_CHECKS

Check = Callable[[Rule, Notice, Context], Iterable[Finding]]

CHECKS: Mapping[str, Check] = {
    **WORDING_CHECKS,
    **LINK_CHECKS,
    **CONTENT_CHECKS,
    **CONTACT_CHECKS,
    **STRUCTURE_CHECKS,
    **PROMISE_CHECKS,
}


def lint(notice: Notice, context: Context, rules: Sequence[Rule] | None = None) -> list[Finding]:
    """Every finding, worst first. `rules` are those in force on the context's day unless given."""
    chosen = rules_in_force(context.on) if rules is None else rules
    return in_order(finding for rule in chosen for finding in CHECKS[rule.check](rule, notice, context))
