"""Files of strangers, handled in processes of their own that can harm nobody."""
