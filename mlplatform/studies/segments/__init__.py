"""Where a study's result comes from, and what is left of it without its luckiest parts.

`analysis.segments_of` gives everything; `regimes.session_regimes` and
`parameters.window_parameters` make two of its inputs.
"""
