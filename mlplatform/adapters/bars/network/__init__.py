"""Bars over the network: sources behind one port, and a downloader that goes on where it was."""
