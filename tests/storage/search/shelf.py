"""Papers to search in: some that people know, some with odd letters, many made-up ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime

from storage.model import Paper


def _paper(
    id: str,
    title: str,
    authors: str,
    on: str,
    categories: str,
    abstract: str,
    votes: int | None = None,
    code: str | None = None,
) -> Paper:
    return Paper(
        id=id,
        title=title,
        source="arxiv",
        authors=tuple(authors.split(", ")),
        abstract=abstract,
        published_at=datetime.fromisoformat(on).replace(tzinfo=UTC),
        categories=tuple(categories.split()),
        upvotes=votes,
        code_url=code,
    )


ATTENTION = _paper(
    "1706.03762",
    "Attention Is All You Need",
    "Ashish Vaswani, Noam Shazeer, Niki Parmar",
    "2017-06-12",
    "cs.CL cs.LG",
    "Replaces recurrence by self-attention alone and sets a record in machine translation.",
    votes=120,
    code="https://github.com/tensorflow/tensor2tensor",
)
BERT = _paper(
    "1810.04805",
    "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
    "Jacob Devlin, Ming-Wei Chang, Kenton Lee",
    "2018-10-11",
    "cs.CL",
    "Masks words and predicts them from both sides; then a single layer suffices for each task.",
    votes=90,
    code="https://github.com/google-research/bert",
)
RESNET = _paper(
    "1512.03385",
    "Deep Residual Learning for Image Recognition",
    "Kaiming He, Xiangyu Zhang, Shaoqing Ren",
    "2015-12-10",
    "cs.CV",
    "Shortcut connections let very deep convolutional networks train, and win ImageNet.",
    votes=80,
)
GAN = _paper(
    "1406.2661",
    "Generative Adversarial Networks",
    "Ian Goodfellow, Yoshua Bengio",
    "2014-06-10",
    "stat.ML cs.LG",
    "A generator and a discriminator are trained against each other in a minimax game.",
    votes=40,
)
LENET = _paper(
    "files:lenet",
    "Gradient-Based Learning Applied to Document Recognition",
    "Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner",
    "1998-11-01",
    "cs.CV",
    "Handwritten characters are read by convolutional networks inside a graph of modules.",
)
OPINION = _paper(
    "files:path",
    "A Path Towards Autonomous Machine Intelligence",
    "Yann LeCun",
    "2022-06-27",
    "cs.AI",
    "Argues for world models that predict in a latent space.",
    votes=15,
)
ADAM = _paper(
    "1412.6980",
    "Adam: A Method for Stochastic Optimization",
    "Diederik Kingma, Jimmy Ba",
    "2014-12-22",
    "cs.LG",
    "Step sizes come from running estimates of the moments of the gradients.",
    votes=40,
)
SCHRODINGER = _paper(
    "2001.00002",
    'Ground states of the nonlinear Schr\\"odinger equation',
    "Åse Example, Ödön Example",
    "2020-01-02",
    "math.AP",
    "Existence of standing waves for powers below the critical one.",
)
ALPHA = _paper(
    "2001.00003",
    "Variational inference with the $\\alpha$-divergence",
    "Ada Example, Bob Example",
    "2020-01-03",
    "stat.ML",
    "A family of bounds between two known ones, with CO$_2$ data as an example.",
)
CHINESE = _paper(
    "2001.00004",
    "深度学习在医学图像中的应用",
    "示例甲, 示例乙",
    "2020-01-04",
    "cs.CV",
    "综述了卷积神经网络。",
)
RUSSIAN = _paper(
    "2001.00005",
    "Глубокое обучение для анализа текстов",
    "Пример Примеров",
    "2020-01-05",
    "cs.CL",
    "Обзор методов.",
)
NAMESAKES = _paper(
    "2001.00006",
    "A Survey of Graph Databases",
    "Yann Example, Example LeCun",
    "2020-01-06",
    "cs.DB",
    "Query languages, storage and benchmarks.",
)
MONTE_CARLO = _paper(
    "1312.0701",
    "Hamiltonian Monte Carlo for Hierarchical Models",
    "Michael Betancourt, Mark Girolami",
    "2013-12-03",
    "stat.ME",
    "Why strong curvature slows a sampler down, and what reparameterisation does about it.",
)

PAPERS = (
    ATTENTION,
    BERT,
    RESNET,
    GAN,
    LENET,
    OPINION,
    ADAM,
    SCHRODINGER,
    ALPHA,
    CHINESE,
    RUSSIAN,
    NAMESAKES,
    MONTE_CARLO,
)


def made_up(count: int, seed: int = 1) -> Iterator[Paper]:
    """Papers of made-up words, a few of which are frequent as in any language."""
    rng = random.Random(seed)
    syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
    lexicon = ["".join(rng.choices(syllables, k=rng.randint(2, 5))) for _ in range(4_000)]
    ranks = [1 / (rank + 3) for rank in range(len(lexicon))]

    def text(least: int, most: int) -> str:
        return " ".join(rng.choices(lexicon, ranks, k=rng.randint(least, most)))

    for number in range(count):
        yield Paper(
            id=f"{2000 + number // 10_000}.{number % 10_000:05}",
            title=text(5, 11).capitalize(),
            source="arxiv",
            authors=tuple(text(2, 2).title() for _ in range(rng.randint(1, 5))),
            abstract=text(30, 90),
            published_at=datetime(2020, 1, 1 + number % 28, tzinfo=UTC),
            listed_on=date(2020, 1, 1 + number % 28),
            upvotes=rng.randint(0, 50),
            categories=(rng.choice(("cs.CL", "cs.CV", "math.CO")),),
        )
