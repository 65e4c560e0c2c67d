"""What learning reads. Each query tells how many SQL statements it costs."""
