"""Lenders and guarantors of the simulated economy: banks with branches and products, guarantors with contracts.

Everything is a pure function of (seed, size, night): numbers are scattered from a seed, nothing depends on the order in
which it is asked for.
"""
