"""The SQL of the engine, in one place. Every move is an UPDATE guarded by state and token.

Time is Postgres' clock_timestamp(): workers' clocks may differ. Rows are taken with SKIP LOCKED, so
two workers that are offered the same job never wait for each other; one of them gets no row.
"""
