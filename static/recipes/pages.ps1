# Every client that is not cleared, as objects. Windows PowerShell 5.1 or PowerShell 7.
# The certificate of the server, or of whoever signed it, has to be trusted by this computer (Import-Certificate).
$ErrorActionPreference = 'Stop'
if ($PSVersionTable.PSVersion.Major -lt 6) {
    # Windows PowerShell may offer older versions of TLS only.
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
}
$headers = @{ Authorization = "Bearer $env:CUTOVER_TOKEN" }
$cursor = $null
do {
    $address = "$env:CUTOVER_URL/api/v1/blockers?standing=all&limit=1000"
    if ($cursor) {
        $address += '&cursor=' + [Uri]::EscapeDataString($cursor)
    }
    $page = Invoke-RestMethod -Uri $address -Headers $headers
    foreach ($client in $page.items) {
        [pscustomobject]@{
            name = $client.name
            fqdn = $client.fqdn
            site_code = $client.site_code
            standing = $client.standing
            reasons = $client.reasons -join ' '
        }
    }
    $cursor = $page.next_cursor
} while ($cursor)
