"""Every claim about performance, runnable: `python benchmarks/run.py --quick`."""
