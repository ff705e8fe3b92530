"""Presets that hold differences from the defaults only, and the sample library."""
