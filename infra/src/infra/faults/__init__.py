"""What can go wrong, done to the running shop while shoppers shop, and what must hold all the same.

A scenario is data: a name and a fault. The runner lets a crowd in, injects the fault, measures how
long the shop takes to be well again, and compares what shoppers were told with the books, the lake
and the shoppers' histories.
"""
