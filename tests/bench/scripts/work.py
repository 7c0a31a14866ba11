"""Dictionaries, json, regular expressions and classes."""
import json
import re


class Account:
    def __init__(self, name):
        self.name = name
        self.balance = 0

    def pay(self, amount):
        self.balance += amount
        return self


class Savings(Account):
    def pay(self, amount):
        return super().pay(amount + amount // 100)


def words(count):
    value = 1
    for _ in range(count):
        value = (value * 1103515245 + 12345) & 0x7FFFFFFF
        yield f"w{value >> 17}"


def dictionaries():
    counts = {}
    for word in words(150000):
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]


def documents():
    document = [{"id": i, "name": word, "tags": [word[::-1], i % 7], "ok": i % 3 == 0} for i, word in enumerate(words(15000))]
    text = json.dumps(document)
    return len(text), sum(entry["id"] for entry in json.loads(text) if entry["ok"])


def expressions():
    text = " ".join(words(60000))
    return len(re.findall(r"w(\d)\d*\1\b", text)), len(re.sub(r"\b\w+7\b", lambda match: match[0].upper(), text).split("W"))


def accounts():
    people = [(Savings if i % 2 else Account)(f"a{i}") for i in range(100)]
    for i in range(200000):
        people[i % 100].pay(i % 17)
    return sum(person.balance for person in people)


print(dictionaries(), documents(), expressions(), accounts())
