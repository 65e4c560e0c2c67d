"""What the till knows. Each query says how many SQL queries it takes."""
