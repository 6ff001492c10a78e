WITH v (upload, n, file, place, status, name, client_id, client_name, notes, problem, forecast, by_itself, lacks, dictionary, document) AS ({rows})
INSERT INTO upload_rows (estate, upload, n, file, place, status, name, client_id, client_name, notes, problem,
  forecast, by_itself, lacks, dictionary, document)
SELECT $1, upload, n, file, place, status, name, client_id, client_name, notes, problem, forecast, by_itself, lacks,
  dictionary, document
FROM v WHERE TRUE
ON CONFLICT (estate, upload, n) DO NOTHING RETURNING n
