"""Benchmarks of rdit beside a floor and ipykernel."""
