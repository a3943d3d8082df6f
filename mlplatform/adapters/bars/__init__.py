"""Where bars come from: files, Yahoo, the synthetic generator, behind one port."""
