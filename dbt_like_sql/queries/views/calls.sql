-- Calls with their exchanges.
select transcript, exchanges, analysts, questions, low_confidence_exchanges
from gold.call_overview
order by transcript
