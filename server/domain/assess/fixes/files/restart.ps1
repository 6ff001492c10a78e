# Restarts this computer in five minutes and tells whoever is signed in.
# -WhatIf shows what would be done and does nothing.
[CmdletBinding(SupportsShouldProcess = $true)]
param()
if ($PSCmdlet.ShouldProcess($env:COMPUTERNAME, 'Restart in five minutes')) {
    & "$env:windir\System32\shutdown.exe" /r /t 300 /c 'A setting for TLS 1.2 takes effect after this restart.'
}
