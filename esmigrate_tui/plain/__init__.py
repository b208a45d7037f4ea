"""The steps of the wizard as numbered questions and lines: for screen readers, dumb terminals, and pipes.

It walks by the wizard's own steps (`flow/`) and never imports Textual.
"""
