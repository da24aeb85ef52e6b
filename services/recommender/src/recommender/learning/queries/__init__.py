"""The SQL that learns: plain enough for Athena, run by DuckDB.

products -> acts -> steps (sessions) -> halves -> pairs -> associations -> candidates -> likeness
                                                        -> lifts -------------------------^
associations, likeness -> neighbours; acts -> baskets -> together; acts -> trends
"""
