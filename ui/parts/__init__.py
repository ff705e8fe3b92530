"""What several faces share: untrusted text made safe, answers in words, references, exports, the pages' frame."""
