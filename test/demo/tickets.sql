-- The tickets of a company that sells sensors, door readers and a dashboard for them.
CREATE TABLE tickets (
    id         integer PRIMARY KEY,
    created_at timestamptz NOT NULL,
    channel    text NOT NULL,
    customer   text NOT NULL,
    subject    text NOT NULL,
    body       text NOT NULL,
    category   text,   -- what the AI says the ticket is about
    summary    text    -- the AI's summary
);
\copy tickets (id, created_at, channel, customer, subject, body) from 'tickets.csv' with (format csv, header)
DELETE FROM tickets WHERE id > :tickets;
ANALYZE tickets;
