"""One look at a model: which windows are due, what each is compared with, what follows from it."""
