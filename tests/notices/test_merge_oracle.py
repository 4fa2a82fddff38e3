"""`git merge-file` says what a merge of lines is: 10,000 random texts of distinct sentences, and many awkward ones.

A process for each case, a few at a time. Whether a text merges must agree as well as what comes out, so there is
nothing left to explain for short texts either: repeated sentences, moved ones and blank lines are held to the same.
"""

import random
import shutil
import subprocess
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.notices.merge import merge
from portal.notices.sentences import to_sentences

GIT = shutil.which("git")
WORKERS = 2

pytestmark = pytest.mark.skipif(GIT is None, reason="git is not installed, and git merge-file is the oracle")


def git_merge(folder, base, shared, local):
    paths = [folder / name for name in ("shared", "base", "local")]
    for path, lines in zip(paths, (shared, base, local), strict=True):
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    done = subprocess.run([GIT, "merge-file", "-p", "-q", *paths], capture_output=True, text=True, check=False)
    assert 0 <= done.returncode < 128, done.stderr
    return done.returncode == 0, done.stdout.removesuffix("\n")


def changed(chance, lines, fresh, *, moves=False):
    """One to five random edits: other words, deletions, insertions, and with `moves` sentences moved or repeated."""
    lines = list(lines)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(lines)) if lines else 0
        match chance.choice(["edit", "insert", "delete", "delete run", *(["move", "repeat"] if moves else [])]):
            case "edit" if lines:
                lines[place] = fresh()
            case "delete" if lines:
                del lines[place]
            case "delete run":
                del lines[place : place + chance.randint(1, 4)]
            case "move" if lines:
                sentence = lines.pop(place)
                lines.insert(chance.randint(0, len(lines)), sentence)
            case "repeat" if lines:
                lines.insert(chance.randint(0, len(lines)), lines[place])
            case _:
                lines.insert(chance.randint(0, len(lines)), fresh())
    return lines


def distinct_sentences(chance):
    base = [f"We keep record {number} for {number} years." for number in range(chance.randint(26, 45))]
    counter = iter(range(10_000))

    def fresh():
        return chance.choice([f"Sentence {next(counter)} is new.", f"Both add sentence {chance.randint(1, 6)}."])

    return base, changed(chance, base, fresh), changed(chance, base, fresh)


def moved_sentences(chance):
    base = [f"We keep record {number} for {number} years." for number in range(chance.randint(26, 45))]
    counter = iter(range(10_000))

    def fresh():
        return f"Sentence {next(counter)} is new."

    return base, changed(chance, base, fresh, moves=True), changed(chance, base, fresh, moves=True)


def short_texts(chance):
    def fresh():
        return f"Sentence {chance.choice('ABCDEF')} again."

    base = [fresh() for _ in range(chance.randint(0, 10))]
    return base, changed(chance, base, fresh, moves=True), changed(chance, base, fresh, moves=True)


def paragraphs(chance):
    counter = iter(range(10_000))
    base = []
    for _ in range(chance.randint(3, 20)):
        base += [*([""] if base else []), *(f"Sentence {next(counter)}." for _ in range(chance.randint(1, 4)))]

    def fresh():
        return chance.choice(["", "We keep it.", f"Sentence {next(counter)}.", f"Sentence {next(counter)}."])

    texts = base, changed(chance, base, fresh, moves=True), changed(chance, base, fresh, moves=True)
    return tuple(to_sentences("\n".join(text)).split("\n") for text in texts)


def compare(make, seeds):
    found = Counter()
    with tempfile.TemporaryDirectory() as name:
        for seed in seeds:
            base, shared, local = make(random.Random(seed))
            git_is_clean, git_text = git_merge(Path(name), base, shared, local)
            ours = merge("\n".join(base), "\n".join(shared), "\n".join(local))
            if git_is_clean != ours.clean:
                found["git clean, ours not" if git_is_clean else "ours clean, git not", seed] += 1
            elif ours.clean and ours.text != git_text:
                found["clean but different", seed] += 1
            else:
                found["clean" if ours.clean else "conflict"] += 1
    return found


@pytest.mark.parametrize(
    ("make", "count"),
    [(distinct_sentences, 10_000), (moved_sentences, 1_000), (short_texts, 2_000), (paragraphs, 1_000)],
)
def test_our_merge_agrees_with_git_merge_file(make, count):
    with ThreadPoolExecutor(WORKERS) as pool:
        found = sum(pool.map(lambda start: compare(make, range(start, count, WORKERS)), range(WORKERS)), Counter())
    assert set(found) == {"clean", "conflict"}
    assert min(found.values()) > count / 10
    assert found.total() == count
