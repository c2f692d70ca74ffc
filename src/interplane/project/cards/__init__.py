"""What notebooks show of a project's answers: crossings, runs, and what is watched."""
