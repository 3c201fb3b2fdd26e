"""What a report shows of a language model."""

from tests.tasks.language_model.made import LOGS, TOKENS, sentences
from tests.tasks.language_model.test_measure import TASK, Predictor


def shown():
    test = sentences()
    answers = TASK.answers(Predictor(), test)
    return TASK.measure(answers, test), answers, test


def test_the_bits_of_every_sentence_are_drawn():
    measures, answers, test = shown()

    figures = TASK.figures(measures, answers, test, 4)

    assert list(figures) == ["Bits a word, of each test sentence; the fewer, the better predicted"]
    (axes,) = next(iter(figures.values())).axes
    assert (axes.get_title(), axes.get_ylabel()) == ("bits a word", "test sentences")
    assert sum(bar.get_height() for bar in axes.patches) == 4


def test_drawn_sentences_are_shown_and_one_without_words_says_so():
    measures, _, _ = shown()

    assert TASK.summary(measures) == {
        "Drawn from the model; <unk> stands for any word that it does not know": (
            ["sentence"],
            [("(the end at once)",), ("<unk> & 1 0",)],
        )
    }


def test_every_sentence_is_listed_the_most_surprising_first():
    measures, answers, test = shown()

    columns, rows = TASK.tables(measures, answers, test)["sentences"]

    assert columns == ["row", "name", "log10_probability", "tokens", "unknown", "text"]
    assert list(rows) == [
        (3, "a.txt:4", -10.0, 5, 1, "a ship , again"),
        (1, "a.txt:8", -4.0, 3, 2, "whales !"),
        (7, "a.txt:2", -3.0, 3, 0, "the sea"),
        (5, "a.txt:6", -0.5, 2, 0, "no"),
    ]
    assert (LOGS / TOKENS).argsort().tolist() == [1, 3, 0, 2]
