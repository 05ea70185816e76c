"""SQL tables and queries: the experiment, the work, the judgement, the audit. No pixel and no Dask here."""
