-- A client has one open exception at most, whoever asks at the same moment. Rejected ones are not open.
CREATE UNIQUE INDEX exceptions_one_open ON exceptions (estate, client_id)
    WHERE ended_at IS NULL AND (decision IS NULL OR decision = 'approved');
