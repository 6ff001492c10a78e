-- cutover: the expected list, from the site database. Read only.
-- Save the result with its headings as CSV and upload it on the page "Expected list".
-- Clients that the site no longer counts (obsolete, decommissioned) are in it on purpose; cutover leaves them out and
-- says so.
SELECT s.ResourceID,
       s.Name0,
       s.SMS_Unique_Identifier0,
       (SELECT MAX(a.SMS_Assigned_Sites0)
          FROM v_RA_System_SMSAssignedSites a
         WHERE a.ResourceID = s.ResourceID) AS SiteCode,
       (SELECT MAX(n.Resource_Names0)
          FROM v_RA_System_ResourceNames n
         WHERE n.ResourceID = s.ResourceID) AS Resource_Names0,
       s.Resource_Domain_OR_Workgr0,
       s.Operating_System_Name_and0,
       s.Build01,
       s.Obsolete0,
       s.Decommissioned0,
       c.LastActiveTime
  FROM v_R_System s
  LEFT JOIN v_CH_ClientSummary c ON c.ResourceID = s.ResourceID
 WHERE s.Client0 = 1
