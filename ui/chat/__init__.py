"""The chat page: `page` wires it, `actions` does what is clicked, the `_view` modules draw it."""
