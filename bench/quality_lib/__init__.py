"""The parts of `bench/quality`, each of which holds one thing."""
