"""The made notices: other seeds than those the thresholds were looked at with."""

import pytest

from portal.notices.importing.bench import bench, table
from portal.notices.importing.corpus import made_notice
from portal.notices.importing.inventions import made_editions
from portal.notices.importing.report import Class

EIGHT = {"essex", "southend", "thurrock", "kent", "redbridge", "havering", "nottinghamshire", "slough"}


@pytest.fixture(scope="module")
def result(library, authorities):
    near = [authority for authority in authorities if authority.key in {*EIGHT, "medway", "nottingham"}]
    return bench(library, near, notices=12, first_seed=9_001)


def test_precision_and_recall_are_high_for_each_class(result):
    poor = [row for row in result.rows() if min(row[2:]) < 0.95]
    assert poor == [], table(result)


def test_every_class_is_asked_for(result):
    assert all(result.scores[kind].expected for kind in Class)


def test_clauses_councils_and_facts_are_right(result):
    assert result.clauses_right >= 0.99 * result.clauses_asked
    assert result.authorities_right == result.authorities_asked
    assert result.facts_right >= 0.95 * result.facts_asked


def test_every_document_is_reconstructed(result):
    assert result.not_reconstructed == 0


def test_the_same_seed_makes_the_same_notice(library, authorities):
    editions = [*library, *made_editions()]
    assert made_notice(5, editions, authorities) == made_notice(5, editions, authorities)


def test_the_table_names_every_class(result):
    assert all(kind.value in table(result) for kind in Class)
