"""Trades and daily equity into numbers.

Conventions of every function here: daily marks, 252 trading days a year, risk-free rate 0, sample
standard deviation (ddof 1). Fractions are fractions (0.1 is 10 %), losses and drawdowns are
positive numbers, money is USD. A figure that does not exist is `Undefined` with its reason; none
of these functions returns NaN or infinity for finite input.
"""
