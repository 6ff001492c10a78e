# TLS 1.2 for WinHTTP, which carries the Configuration Manager client, in both registry views.
# On Windows 8.1, Server 2012 R2 and later the value is deleted, because the default there has TLS 1.2;
# on older systems it is set to 0xA00 (TLS 1.1 and 1.2). A good value is left alone.
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

function Remove-Value([string]$Path, [string]$Name) {
    if (-not (Test-Path -Path $Path)) {
        return
    }
    if ((Get-Item -Path $Path).GetValueNames() -notcontains $Name) {
        return
    }
    if ($PSCmdlet.ShouldProcess("$Path\$Name", 'Delete the value')) {
        Remove-ItemProperty -Path $Path -Name $Name -Confirm:$false
    }
}

# The registry, because a version that Windows tells a program may be made up for it.
$build = [int](Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion').CurrentBuildNumber

$keys = @('HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp')
if ([IntPtr]::Size -eq 8) {
    $keys += 'HKLM:\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp'
}
if (@(6002, 6003, 7601, 9200) -notcontains $build -and $build -lt 9600) {
    throw "Windows build $build cannot use this value. Build 7600 needs Service Pack 1 first; older systems have to be replaced."
}
foreach ($key in $keys) {
    $value = $null
    $kind = $null
    if (Test-Path -Path $key) {
        $item = Get-Item -Path $key
        if ($item.GetValueNames() -contains 'DefaultSecureProtocols') {
            $value = $item.GetValue('DefaultSecureProtocols')
            $kind = [string]$item.GetValueKind('DefaultSecureProtocols')
        }
    }
    if ($kind -eq 'DWord' -and ($value -band 0x800)) {
        "$key has TLS 1.2 already."
        continue
    }
    if ($build -ge 9600) {
        Remove-Value $key 'DefaultSecureProtocols'
    }
    else {
        Set-Number $key 'DefaultSecureProtocols' 0xA00
    }
}
'Restart the computer; the change counts from the next start on.'
