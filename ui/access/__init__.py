"""The door: who a request is from, and the pages on which one signs in and keeps one's account."""
