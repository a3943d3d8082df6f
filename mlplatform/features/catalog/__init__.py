"""The features themselves, one file a kind; `features/sets.py` names which of them are used."""
