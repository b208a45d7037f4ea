"""Figures as ratios, each against something measured in the same run on the same machine."""
