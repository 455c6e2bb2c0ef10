"""Arrays in, judgement out; knows neither networks nor files."""
