"""The first wall: without a scope nothing tenant-owned is read or written, and with one only that tenant's."""

import pytest
from sqlalchemy import delete, func, insert, select, text, union_all, update
from sqlalchemy.orm import aliased

from portal.core import clock
from portal.tenancy.models import Fact, Tenant
from portal.tenancy.scope import ScopeError, every_tenant, tenant_models, tenant_scope, trust_scope


@pytest.fixture
def alder(school):
    return school("alder-primary")


@pytest.fixture
def birch(school):
    return school("birch-academy")


def a_fact(tenant, key="note.canary", value="canary"):
    return Fact(tenant_id=tenant.id, key=key, value=value, effective_at=clock.now(), recorded_by=None)


def test_reading_without_a_scope_raises(session):
    with pytest.raises(ScopeError):
        session.scalars(select(Fact)).all()


def test_counting_and_columns_without_a_scope_raise(session):
    for statement in (
        select(func.count()).select_from(Fact),
        select(Fact.value),
        select(Tenant.id).where(select(Fact.id).exists()),
    ):
        with pytest.raises(ScopeError):
            session.execute(statement).all()


def test_a_table_instead_of_a_model_raises_even_with_a_scope(session, alder):
    with tenant_scope(session, alder.id), pytest.raises(ScopeError):
        session.execute(select(Fact.__table__)).all()


def test_sql_text_outside_core_raises(session, alder):
    with tenant_scope(session, alder.id), pytest.raises(ScopeError):
        session.execute(text("select value from fact")).all()


def test_a_scope_shows_its_tenant_only(session, alder, birch):
    with tenant_scope(session, alder.id):
        assert {fact.tenant_id for fact in session.scalars(select(Fact))} == {alder.id}
        assert session.scalar(select(func.count()).select_from(Fact).where(Fact.tenant_id == birch.id)) == 0


def test_aliases_and_subqueries_are_restricted_too(session, alder, birch):
    other = aliased(Fact)
    with tenant_scope(session, alder.id):
        assert session.scalars(select(other.tenant_id).where(other.tenant_id == birch.id)).all() == []
        nested = select(Tenant.slug).where(Tenant.id.in_(select(Fact.tenant_id)))
        assert session.scalars(nested).all() == ["alder-primary"]


def test_a_row_already_loaded_is_not_handed_to_another_scope(session, alder, birch):
    with tenant_scope(session, birch.id):
        fact_id = session.scalars(select(Fact)).first().id
    with tenant_scope(session, alder.id):
        assert session.get(Fact, fact_id) is None


def test_bulk_updates_and_deletes_stay_in_the_scope(session, alder, birch):
    with tenant_scope(session, birch.id):
        before = session.scalar(select(func.count()).select_from(Fact))
    with tenant_scope(session, alder.id):
        session.execute(update(Fact).values(value="changed"), execution_options={"synchronize_session": False})
        session.execute(delete(Fact), execution_options={"synchronize_session": False})
    with tenant_scope(session, birch.id):
        assert session.scalar(select(func.count()).select_from(Fact)) == before
        assert session.scalar(select(func.count()).select_from(Fact).where(Fact.value == "changed")) == 0


def test_writing_for_another_tenant_raises(session, alder, birch):
    with pytest.raises(ScopeError), tenant_scope(session, alder.id):
        session.add(a_fact(birch))
        session.flush()


def test_a_bulk_insert_must_go_through_models(session, alder, birch):
    with tenant_scope(session, alder.id), pytest.raises(ScopeError):
        session.execute(insert(Fact).values(tenant_id=birch.id, key="x", value="x", effective_at=clock.now()))


def test_writing_without_a_scope_raises(session, alder):
    session.add(a_fact(alder))
    with pytest.raises(ScopeError):
        session.flush()


def test_a_trust_sees_itself_and_its_schools(session, alder, birch, school):
    rowan = school("rowan")
    with trust_scope(session, rowan.id):
        assert {fact.tenant_id for fact in session.scalars(select(Fact))} == {rowan.id, birch.id}


def test_every_tenant_needs_a_reason(session):
    with pytest.raises(ScopeError), every_tenant(session, ""):
        pass


def test_leaving_a_scope_restores_the_one_before(session, alder, birch):
    with tenant_scope(session, alder.id):
        with tenant_scope(session, birch.id):
            pass
        assert {fact.tenant_id for fact in session.scalars(select(Fact))} == {alder.id}
    with pytest.raises(ScopeError):
        session.scalars(select(Fact)).all()


def test_every_tenant_owned_table_has_composite_references():
    for table in tenant_models():
        keys = {tuple(column.name for column in constraint.columns) for constraint in table.foreign_key_constraints}
        targets = {
            constraint.referred_table
            for constraint in table.foreign_key_constraints
            if constraint.referred_table in tenant_models() and "tenant_id" not in {c.name for c in constraint.columns}
        }
        assert not targets, f"{table.name} refers to {targets} without the tenant; {keys}"


def test_a_bare_table_inside_a_subquery_raises(session, alder):
    bare = select(Fact.__table__.c.id).where(Fact.__table__.c.key == "school.email").exists()
    with tenant_scope(session, alder.id), pytest.raises(ScopeError):
        session.execute(select(Fact.id).where(bare)).all()


def test_a_union_is_refused_because_the_criteria_do_not_reach_its_members(session, alder):
    with tenant_scope(session, alder.id), pytest.raises(ScopeError):
        session.execute(union_all(select(Fact.id), select(Fact.id))).all()


def test_a_common_table_expression_is_restricted(session, alder):
    cte = select(Fact.tenant_id).cte()
    with tenant_scope(session, alder.id):
        assert set(session.scalars(select(cte.c.tenant_id))) == {alder.id}


def test_a_scalar_subquery_is_restricted(session, alder, birch):
    hidden = select(Fact.value).where(Fact.tenant_id == birch.id).limit(1).scalar_subquery()
    with tenant_scope(session, alder.id):
        assert session.scalar(select(hidden)) is None
