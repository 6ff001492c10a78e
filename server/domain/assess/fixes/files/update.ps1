# Installs one update package (.msu) without a restart and says what came of it.
# .\install-update.ps1 -Package C:\updates\package.msu -WhatIf shows what would be done and changes nothing.
# PowerShell 2.0 or later, as administrator.
[CmdletBinding(SupportsShouldProcess = $true)]
param([string]$Package)
$ErrorActionPreference = 'Stop'

if (-not $Package) {
    throw 'Say which package: -Package C:\updates\package.msu'
}
if (-not (Test-Path -Path $Package)) {
    throw "$Package is not there."
}
if ($PSCmdlet.ShouldProcess($Package, 'Install the update')) {
    $arguments = '"' + $Package + '" /quiet /norestart'
    $run = Start-Process -FilePath "$env:windir\System32\wusa.exe" -ArgumentList $arguments -Wait -PassThru
    switch ($run.ExitCode) {
        0 { 'Installed. Restart the computer.' }
        3010 { 'Installed. Restart the computer.' }
        2359302 { 'It was installed already.' }
        -2145124329 { 'This update is not for this Windows, or a newer one replaces it. Look at the file versions.' }
        default { "wusa.exe ended with $($run.ExitCode). The Setup event log says more." }
    }
}
