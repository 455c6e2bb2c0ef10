"""Progress, printing, profiling and the process."""
