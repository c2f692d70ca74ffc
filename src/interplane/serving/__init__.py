"""The row path of a crossing and its HTTP shell: from bytes to a logged answer."""
