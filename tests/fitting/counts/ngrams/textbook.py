"""The formulas of the textbooks, over dictionaries, word by word; written apart from the models."""

from collections import Counter, defaultdict
from functools import cached_property


class Textbook:
    def __init__(self, sentences, order, size):
        self.order, self.size, self.known = order, size, {}
        self.count = [Counter() for _ in range(order + 1)]
        for one in sentences:
            row = (1, *one, 2)
            for n in range(1, order + 1):
                for at in range(len(row) - n + 1):
                    self.count[n][row[at : at + n]] += 1
        del self.count[1][(1,)]  # `<s>` is never predicted
        self.table = self.count

    @cached_property
    def followers(self):
        """By context: the words that follow it, with their numbers."""
        found = defaultdict(dict)
        for table in self.table[1:]:
            for key, n in table.items():
                found[key[:-1]][key[-1]] = n
        return found

    def p(self, context, word):
        context = context[len(context) - min(len(context), self.order - 1) :]
        if (context, word) not in self.known:
            seen = self.followers.get(context, {})
            self.known[context, word] = self.formula(context, word, seen, sum(seen.values()))
        return self.known[context, word]


class AddK(Textbook):
    k = 0.1

    def formula(self, context, word, seen, whole):
        return (seen.get(word, 0) + self.k) / (whole + self.k * (self.size - 1))


class Katz(Textbook):
    def factor(self, n, r):
        many = Counter(self.count[n].values())
        for k in (5, 4, 3, 2, 1):
            try:
                a = (k + 1) * many[k + 1] / many[1]
                turing = [(i + 1) * many[i + 1] / many[i] for i in range(1, k + 1)]
                factors = [(one / i - a) / (1 - a) for i, one in enumerate(turing, 1)]
            except ZeroDivisionError:
                continue
            if many[k + 1] and a < 1 and all(0 < one < 1 for one in factors):
                return factors[r - 1] if r <= k else 1
        return (r - 0.5) / r

    def formula(self, context, word, seen, whole):
        if not seen:
            return self.p(context[1:], word) if context else 1 / (self.size - 1)
        if len(seen) == self.size - 1:
            return seen[word] / whole
        factors = {r: self.factor(len(context) + 1, r) for r in set(seen.values())}
        if all(one == 1 for one in factors.values()):
            whole += 1
        share = {one: factors[r] * r / whole for one, r in seen.items()}
        if word in share:
            return share[word]
        left = 1 - sum(share.values())
        unseen = [one for one in range(self.size) if one != 1 and one not in share]
        if not context:
            return left / len(unseen)
        return left * self.p(context[1:], word) / sum(self.p(context[1:], one) for one in unseen)


class KneserNey(Textbook):
    def __init__(self, sentences, order, size):
        super().__init__(sentences, order, size)
        self.table = [None] * order + [self.count[order]]
        for n in range(1, order):
            before = defaultdict(set)
            for key in self.count[n + 1]:
                before[key[1:]].add(key[0])
            self.table[n] = {
                key: r if key[0] == 1 else len(before[key]) for key, r in self.count[n].items()
            }

    def discount(self, n):
        once, twice = (list(self.table[n].values()).count(one) for one in (1, 2))
        return once / (once + 2 * twice) if once and twice else 0.5

    def formula(self, context, word, seen, whole):
        lower = self.p(context[1:], word) if context else 1 / (self.size - 1)
        if not seen:
            return lower
        d = self.discount(len(context) + 1)
        return max(seen.get(word, 0) - d, 0) / whole + d * len(seen) / whole * lower


TEXTBOOK = {"add_k": AddK, "katz": Katz, "kneser_ney": KneserNey}
