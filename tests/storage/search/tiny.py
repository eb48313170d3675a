"""A real model of a few dozen words, for tests: words of one topic mean the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

from storage.model import Paper

TOPICS = (
    ("adapter", "adapters", "lora", "rank"),
    ("merge", "merging", "averaging", "soup"),
    ("dog", "hound", "puppy"),
    ("picture", "image", "photo"),
    ("chess", "shogi", "checkers"),
    ("song", "music", "melody"),
    ("virus", "infection", "disease"),
    ("star", "galaxy", "telescope"),
)
ADAPTERS = Paper(id="2401.00001", title="LoRA soup", source="test", categories=("cs.CL",))
HOUND = Paper(id="2401.00002", title="Hound in the photo", source="test", categories=("cs.CV",))
SHOGI = Paper(id="2401.00003", title="Shogi and checkers", source="test", categories=("cs.CL",))


def tiny_model(folder: Path, seed: int = 1) -> str:
    """Save a model into ``folder``, and return its name for the settings."""
    rng = np.random.default_rng(seed)
    vocabulary, rows = {"[UNK]": 0}, [np.zeros(70)]
    for topic in TOPICS:
        middle = rng.normal(size=70)
        for word in topic:
            vocabulary[word] = len(rows)
            rows.append(middle + 0.1 * rng.normal(size=70))
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    StaticModel(np.array(rows, np.float32), tokenizer, normalize=True).save_pretrained(folder)
    return str(folder)


def many(count: int, seed: int = 1) -> Iterator[Paper]:
    """Papers of three topics each."""
    rng = random.Random(seed)
    for number in range(count):
        title = " ".join(rng.choice(topic) for topic in rng.sample(TOPICS, 3))
        yield Paper(id=f"2402.{number:05}", title=title, source="test", upvotes=number)
