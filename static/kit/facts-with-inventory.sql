-- cutover: registry values from extended hardware inventory (cutover.mof and cutover-import.mof). Read only.
-- The site may have named the view otherwise: SELECT * FROM v_GroupMap WHERE DisplayName LIKE 'CUTOVER%' says how.
-- LastHWScan is the time of the last scan; a value may be older than it if the scan of its class failed.
SELECT s.ResourceID,
       s.Name0,
       s.SMS_Unique_Identifier0,
       o.Version0,
       o.BuildNumber0,
       c.SystemType0,
       w.LastHWScan,
       t.*
  FROM v_R_System s
  LEFT JOIN v_GS_OPERATING_SYSTEM   o ON o.ResourceID = s.ResourceID
  LEFT JOIN v_GS_COMPUTER_SYSTEM    c ON c.ResourceID = s.ResourceID
  LEFT JOIN v_GS_WORKSTATION_STATUS w ON w.ResourceID = s.ResourceID
  LEFT JOIN v_GS_CUTOVER_TLS        t ON t.ResourceID = s.ResourceID
 WHERE s.Client0 = 1
