"""Settings, their checks, their files and their presets."""
