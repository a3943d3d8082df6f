"""The features themselves, one file a kind, each naming at its end which of them are used."""
