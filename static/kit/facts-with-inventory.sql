-- cutover: registry values from extended hardware inventory (cutover.mof and cutover-import.mof). Read only.
-- The site may have named the view otherwise: SELECT * FROM v_GroupMap WHERE DisplayName LIKE 'CUTOVER%' says how.
-- LastHWScan is the time of the last scan, and the only time that is read; a value may be older than it if the scan of
-- its class failed. KeyName0 says that a row is of the class, and so which registry views its values are of. If the site
-- does not inventory ProductType, leave out that line: Operating_System_Name_and0 says workstation or server as well.
SELECT s.ResourceID,
       s.Name0,
       s.SMS_Unique_Identifier0,
       s.Operating_System_Name_and0,
       o.Caption0,
       o.Version0,
       o.BuildNumber0,
       o.ProductType0,
       c.SystemType0,
       w.LastHWScan,
       t.KeyName0,
       t.WinHttpNative0,
       t.WinHttpWow640,
       t.Tls12ClientEnabled0,
       t.Tls12ClientDisabledByDefault0,
       t.Tls12ServerEnabled0,
       t.Tls12ServerDisabledByDefault0,
       t.NetRelease0,
       t.NetV4NativeSystemDefaultTlsVersions0,
       t.NetV4Wow64SystemDefaultTlsVersions0,
       t.NetV4NativeSchUseStrongCrypto0,
       t.NetV4Wow64SchUseStrongCrypto0,
       t.NetV2NativeSystemDefaultTlsVersions0,
       t.NetV2Wow64SystemDefaultTlsVersions0,
       t.NetV2NativeSchUseStrongCrypto0,
       t.NetV2Wow64SchUseStrongCrypto0
  FROM v_R_System s
  LEFT JOIN v_GS_OPERATING_SYSTEM   o ON o.ResourceID = s.ResourceID
  LEFT JOIN v_GS_COMPUTER_SYSTEM    c ON c.ResourceID = s.ResourceID
  LEFT JOIN v_GS_WORKSTATION_STATUS w ON w.ResourceID = s.ResourceID
  LEFT JOIN v_GS_CUTOVER_TLS        t ON t.ResourceID = s.ResourceID
 WHERE s.Client0 = 1
