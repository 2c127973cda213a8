"""Imported for what it does: reads one small page, so that weights and rules are in memory before the first real one.

A server that forks workers loads it once for all of them.
"""

from collectors.reading.page import read_page
from collectors.reading.prices import read_price

read_page("<title>Tea</title><h1>Tea</h1><p>Leaves and hot water.</p>", "https://tea.example/")
read_price("from 4 to 5 EUR")
