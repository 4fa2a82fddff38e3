"""The first wall: without a scope nothing tenant-owned is read or written, and with one only that tenant's."""

from contextlib import nullcontext

import pytest
from sqlalchemy import (
    Integer,
    bindparam,
    case,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import aliased
from sqlalchemy.orm.exc import ObjectDeletedError

from portal.core import clock
from portal.tenancy.models import Fact, Tenant
from portal.tenancy.scope import ScopeError, every_tenant, kept, tenant_models, tenant_scope, trust_scope


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


def test_a_kept_statement_shows_each_scope_its_own(session, alder, birch, school):
    """It is restricted once and asked in every scope."""
    trust = school("rowan")
    with every_tenant(session, "tests"):
        session.add_all([a_fact(alder), a_fact(birch), a_fact(trust)])
    owners = kept(select(Fact.tenant_id).where(Fact.key == bindparam("key", "note.canary")).order_by(Fact.tenant_id))
    with pytest.raises(ScopeError):
        session.scalars(owners).all()
    for _ in range(2):
        for tenant in (alder, birch):
            with tenant_scope(session, tenant.id):
                assert session.scalars(owners).all() == [tenant.id]
                assert session.scalars(owners, {"key": "another"}).all() == []
        with trust_scope(session, trust.id):
            assert session.scalars(owners).all() == sorted([birch.id, trust.id])
        with every_tenant(session, "tests"):
            assert session.scalars(owners).all() == sorted([alder.id, birch.id, trust.id])
    with pytest.raises(ScopeError):
        session.scalars(owners).all()


def test_who_asks_a_kept_statement_cannot_say_whose_rows_are_meant(session, alder, birch):
    with every_tenant(session, "tests"):
        session.add_all([a_fact(alder), a_fact(birch)])
    owners = kept(select(Fact.tenant_id))
    with tenant_scope(session, alder.id):
        assert set(session.scalars(owners, {"tenant_of_scope": birch.id})) == {alder.id}


def test_a_kept_statement_that_goes_round_the_models_is_refused(session, alder):
    with tenant_scope(session, alder.id), pytest.raises(ScopeError):
        session.execute(kept(select(Fact.__table__.c.value))).all()


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
    for owned in tenant_models():
        keys = {tuple(column.name for column in constraint.columns) for constraint in owned.foreign_key_constraints}
        targets = {
            constraint.referred_table
            for constraint in owned.foreign_key_constraints
            if constraint.referred_table in tenant_models() and "tenant_id" not in {c.name for c in constraint.columns}
        }
        assert not targets, f"{owned.name} refers to {targets} without the tenant; {keys}"


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


TABLE = Fact.__table__
OTHER = TABLE.alias()
WAYS_ROUND = {
    "text as column and table": select(text("tenant_id")).select_from(text("fact")),
    "a literal column": select(literal_column("fact.tenant_id")).select_from(text("fact")),
    "a literal subquery": select(Tenant.id, literal_column("(SELECT max(tenant_id) FROM fact)")),
    "a table without a model": select(column("tenant_id")).select_from(table("fact", column("tenant_id"))),
    "text with columns": text("SELECT tenant_id FROM fact").columns(tenant_id=Integer),
    "text with a model's columns": text("SELECT tenant_id FROM fact").columns(Fact.tenant_id),
    "a model from text": select(Fact).from_statement(text("SELECT * FROM fact")),
    "text as a subquery": select(text("SELECT tenant_id FROM fact").columns(tenant_id=Integer).subquery()),
    "an alias of the table": select(OTHER.c.tenant_id),
    "an alias beside the model": select(OTHER.c.tenant_id, Fact.id),
    "an alias joined to the model": select(OTHER.c.tenant_id).select_from(Fact).join(OTHER, true()),
    "a window over the model": select(func.max(Fact.tenant_id).over()),
    "a CASE over the table": select(case((TABLE.c.id > 0, TABLE.c.tenant_id), else_=0)),
    "an update of a table without a model": update(table("fact", column("value"))).values(value="x"),
    "a delete with text": delete(Fact).where(text("1=1")),
    "an update that gives rows away": update(Fact).values(tenant_id=1),
}


@pytest.mark.parametrize("way", WAYS_ROUND)
@pytest.mark.parametrize("has_scope", [True, False])
def test_there_is_no_way_round(session, alder, way, has_scope):
    scope = tenant_scope(session, alder.id) if has_scope else nullcontext()
    with scope, pytest.raises(ScopeError):
        session.execute(WAYS_ROUND[way], execution_options={"synchronize_session": False})


def test_rows_of_another_scope_cannot_be_loaded_again(session, alder, birch):
    with tenant_scope(session, birch.id):
        fact = session.scalars(select(Fact)).first()
    with tenant_scope(session, alder.id), pytest.raises(InvalidRequestError):
        session.refresh(fact)
    session.expire(fact)
    with tenant_scope(session, alder.id), pytest.raises(ObjectDeletedError):
        assert fact.value


def test_an_update_by_key_cannot_reach_another_tenant(session, alder, birch):
    with tenant_scope(session, birch.id):
        number = session.scalars(select(Fact.id)).first()
    with tenant_scope(session, alder.id), pytest.raises(ScopeError):
        session.execute(update(Fact), [{"id": number, "value": "changed"}])


def test_methods_that_go_round_the_session_are_refused(session, alder, birch):
    with tenant_scope(session, alder.id):
        for way in (
            lambda: session.bulk_save_objects([a_fact(birch)]),
            lambda: session.bulk_insert_mappings(Fact, [{"tenant_id": birch.id}]),
            lambda: session.bulk_update_mappings(Fact, [{"id": 1}]),
            lambda: session.connection().execute(select(TABLE)),
        ):
            with pytest.raises(TypeError):
                way()


def test_a_row_cannot_be_taken_from_another_tenant(session, alder, birch):
    with tenant_scope(session, birch.id):
        fact = session.scalars(select(Fact)).first()
    with pytest.raises(ScopeError), tenant_scope(session, alder.id):
        fact.tenant_id, fact.key = alder.id, "taken"
        session.flush()


def test_what_was_written_before_an_inner_scope_is_checked_by_its_own(session, alder, birch):
    with tenant_scope(session, alder.id):
        session.add(a_fact(alder))
        with tenant_scope(session, birch.id):
            session.add(a_fact(birch))
        assert session.scalars(select(Fact.value).where(Fact.key == "note.canary")).all() == ["canary"]
