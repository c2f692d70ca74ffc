"""Learners: models that go on learning, one example after the other, from a state of plain JSON.

Import from the modules: a server reads a state without the library that learned it.
"""
