"""Models: flavors that save and load, prediction of one row and of many, the request schema.

Import from the modules: this package stays empty so that a server takes only what it needs.
"""
