-- cutover: facts that the site database has without any change to inventory. Read only.
-- It knows the operating system and the last hardware scan. It does not know one registry value, so no client can be
-- called ready from it. If the site does not inventory ProductType, leave out that line: Operating_System_Name_and0 says
-- workstation or server as well.
SELECT s.ResourceID,
       s.Name0,
       s.SMS_Unique_Identifier0,
       s.Active0,
       s.Obsolete0,
       s.Client_Version0,
       s.Operating_System_Name_and0,
       o.Caption0,
       o.Version0,
       o.BuildNumber0,
       o.ProductType0,
       o.CSDVersion0,
       o.LastBootUpTime0,
       c.SystemType0,
       w.LastHWScan,
       CASE WHEN EXISTS (SELECT 1
                           FROM v_GS_QUICK_FIX_ENGINEERING q
                          WHERE q.ResourceID = s.ResourceID
                            AND q.HotFixID0 = 'KB3140245')
            THEN 1 ELSE 0 END AS HasKB3140245
  FROM v_R_System s
  LEFT JOIN v_GS_OPERATING_SYSTEM   o ON o.ResourceID = s.ResourceID
  LEFT JOIN v_GS_COMPUTER_SYSTEM    c ON c.ResourceID = s.ResourceID
  LEFT JOIN v_GS_WORKSTATION_STATUS w ON w.ResourceID = s.ResourceID
 WHERE s.Client0 = 1
