# Values that decide about TLS 1.2 and are there with a type other than REG_DWORD: written again, or, for
# DefaultSecureProtocols on Windows 8.1 and later, deleted. Values of the right type are left alone.
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

$schannel = 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2'
$wanted = @()
foreach ($side in @('Client', 'Server')) {
    $wanted += , @("$schannel\$side", 'Enabled', 1)
    $wanted += , @("$schannel\$side", 'DisabledByDefault', 0)
}
$software = @('HKLM:\SOFTWARE')
if ([IntPtr]::Size -eq 8) {
    $software += 'HKLM:\SOFTWARE\Wow6432Node'
}
foreach ($view in $software) {
    $wanted += , @("$view\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp", 'DefaultSecureProtocols', 0xA00)
    foreach ($version in @('v4.0.30319', 'v2.0.50727')) {
        $wanted += , @("$view\Microsoft\.NETFramework\$version", 'SystemDefaultTlsVersions', 1)
        $wanted += , @("$view\Microsoft\.NETFramework\$version", 'SchUseStrongCrypto', 1)
    }
}
$changed = 0
foreach ($one in $wanted) {
    $path, $name, $number = $one
    if (-not (Test-Path -Path $path)) {
        continue
    }
    $item = Get-Item -Path $path
    if ($item.GetValueNames() -notcontains $name) {
        continue
    }
    if ([string]$item.GetValueKind($name) -eq 'DWord') {
        continue
    }
    $changed += 1
    if ($name -eq 'DefaultSecureProtocols' -and $build -ge 9600) {
        Remove-Value $path $name
    }
    else {
        Set-Number $path $name $number
    }
}
if ($changed -eq 0) {
    'Every value that is there is a REG_DWORD; nothing was changed.'
}
else {
    'Restart the computer; the change counts from the next start on.'
}
