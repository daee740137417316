"""What lcmpi_report writes: one page of HTML. Each module makes one part of it, as HTML or as data for the scripts; `page.py`
puts them together with page.html, page.css and the scripts. diagram.js is the space-time diagram, plots.js the plots (on Chart.js),
page.js joins them."""
