# TLS 1.2 for outgoing connections. No other protocol is touched.
# -WhatIf shows what would be done and changes nothing. PowerShell 2.0 or later, as administrator.
[CmdletBinding(SupportsShouldProcess = $true)]
param()
$ErrorActionPreference = 'Stop'

if ($env:PROCESSOR_ARCHITEW6432) {
    throw 'This is a 32-bit PowerShell on 64-bit Windows, which would write to the wrong place. Start the 64-bit one.'
}

function Set-Number([string]$Path, [string]$Name, [int]$Number) {
    if (-not $PSCmdlet.ShouldProcess("$Path\$Name", "Set REG_DWORD $Number")) {
        return
    }
    if (-not (Test-Path -Path $Path)) {
        # -Force makes the keys above it as well; a key that is there would lose its values.
        New-Item -Path $Path -Force -Confirm:$false | Out-Null
    }
    # -Force replaces a value that is there, whatever its type.
    New-ItemProperty -Path $Path -Name $Name -Value $Number -PropertyType DWord -Force -Confirm:$false | Out-Null
}

# The registry, because a version that Windows tells a program may be made up for it.
$build = [int](Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion').CurrentBuildNumber

if ($build -lt 7600 -and @(6002, 6003) -notcontains $build) {
    throw "Windows build $build has no TLS 1.2. Replace the machine."
}
$key = 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client'
Set-Number $key 'Enabled' 1
Set-Number $key 'DisabledByDefault' 0
'Restart the computer; the change counts from the next start on.'
