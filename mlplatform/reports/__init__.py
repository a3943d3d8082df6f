"""A study into what people and programs read: JSON, one HTML page, a console table, pictures.

Pure: functions give text, bytes and frames; writing them to files is the shell's part.
"""
