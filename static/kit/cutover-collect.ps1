<#
.SYNOPSIS
    Reads what decides whether this Windows client is ready for TLS 1.2, and reports it as JSON.

.DESCRIPTION
    Reads facts only and judges nothing: the operating system, registry values of WinHTTP, SChannel and
    .NET Framework in both registry views, file versions, updates, cipher suites, and the names by which
    Configuration Manager knows the client. It changes no setting and no registry value. It writes nothing
    except the report, and only where you ask for it.

    It runs on Windows PowerShell 2.0 to 5.1 and on PowerShell 7, with the .NET Framework 2.0 and no module.
    What could not be read is left out of the report, never reported as missing from the machine.

    How the registry is read. A 32-bit process on 64-bit Windows is shown the 32-bit copy of HKLM\SOFTWARE,
    and .NET 2.0 has no switch against it. So the script always asks the 64-bit view, and names Wow6432Node
    in the path for the 32-bit one:
      1. a process as wide as Windows opens the keys as they are;
      2. a 32-bit process with .NET 4 or later asks for the 64-bit view;
      3. a 32-bit process with .NET 2.0 asks the 64-bit WMI registry provider (StdRegProv), which works with
         every .NET and compiles nothing;
      4. in Constrained Language Mode the reg.exe of 64-bit Windows is asked.
    If no certain way is left, no registry value is reported at all.

    Times of last writing come from RegQueryInfoKey, which takes a few lines of compiled code (Add-Type). Where
    that is forbidden, or with -NoCompile, the times are left out, and a pending restart cannot be seen.

    What is lost in Constrained Language Mode: times of last writing, -Server (use -Share), and telling apart
    registry texts that hold line breaks. Everything else works.

    The report is plain ASCII (other characters are written as \uXXXX), so it is UTF-8 without a byte-order mark
    in every PowerShell.

    Exit codes: 0 done; 1 wrong use, or nothing could be collected; 2 the report could not be written;
    3 the report was written but not taken by the server, and the file stays.

.PARAMETER OutFile
    Writes the report to this file. Without OutFile, OutDir and Share it goes to the output stream.

.PARAMETER OutDir
    Writes the report to this folder as COMPUTERNAME_time.json. The folder is made if it is missing.

.PARAMETER Share
    A network folder such as \\server\share. The report is written under a temporary name and then renamed, so
    that nobody reads half a report.

.PARAMETER Server
    Address of the cutover server, such as https://cutover.corp.example:8443. The report is sent after it was
    written, so OutFile, OutDir or Share is needed as well.

.PARAMETER Token
    A token for sending reports. It can read nothing. The environment variable CUTOVER_TOKEN does as well.

.PARAMETER SigningKey
    The key that "cutover enrol" gave this machine. The report is signed with it and may then be sent to an address that
    starts with http://, where a Windows that cannot do TLS 1.2 yet has no other way. The environment variable
    CUTOVER_SIGNING_KEY does as well. Everybody on the way can read the report.

.PARAMETER CertificateThumbprint
    SHA-1 or SHA-256 thumbprint of the server's certificate, for one that no authority has signed. Only this
    certificate is accepted then.

.PARAMETER Role
    Site system roles of this machine, such as management_point, in addition to those that are found.

.PARAMETER Compact
    Only what the rules need, on one line, short enough for Run Scripts of Configuration Manager (4 KB).

.PARAMETER NoCompile
    Compiles nothing, so times of last writing are left out.

.EXAMPLE
    powershell.exe -NoProfile -ExecutionPolicy Bypass -File cutover-collect.ps1

    Prints the report.

.EXAMPLE
    powershell.exe -NoProfile -File cutover-collect.ps1 -Share \\files.corp.example\cutover$

    Drops the report on a share.

.EXAMPLE
    .\cutover-collect.ps1 -OutFile report.json -Server https://cutover.corp.example:8443 -WhatIf

    Says what would be written and sent, and does neither.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $OutFile,
    [string] $OutDir,
    [string] $Share,
    [string] $Server,
    [string] $Token,
    [string] $SigningKey,
    [string] $CertificateThumbprint,
    [string[]] $Role,
    [switch] $Compact,
    [switch] $NoCompile
)

# Strict mode of a caller would turn a property that an old Windows lacks into an error.
Set-StrictMode -Off

$version = '1.0.0'
$constrained = "$($ExecutionContext.SessionState.LanguageMode)" -eq 'ConstrainedLanguage'
$whatIfOnly = [bool] $WhatIfPreference

# ---- Text -----------------------------------------------------------------------------------------------------------

$colon = ': '
$comma = ', '
if ($Compact) {
    $colon = ':'
    $comma = ','
}

# A JSON text. Everything outside printable ASCII is escaped; -cmatch, because without case some letters from
# elsewhere count as ASCII ones.
function ConvertTo-JsonText([string] $Text) {
    if ($Text -cmatch '^[ !#-\[\]-~]*\z') {
        return '"' + $Text + '"'
    }
    $out = @('"')
    foreach ($letter in $Text.ToCharArray()) {
        $code = [int] $letter
        if ($code -eq 34) {
            $out += '\"'
        }
        elseif ($code -eq 92) {
            $out += '\\'
        }
        elseif ($code -lt 32 -or $code -gt 126) {
            $out += ('\u{0:x4}' -f $code)
        }
        else {
            $out += [string] $letter
        }
    }
    $out += '"'
    return ($out -join '')
}

# A name with a JSON value; nothing where there is no value.
function Get-Pair([string] $Name, $Json) {
    if ($null -ne $Json -and "$Json" -ne '') {
        return (ConvertTo-JsonText $Name) + $colon + $Json
    }
}

# The same for a text; nothing where there is none.
function Get-TextPair([string] $Name, $Text) {
    $trimmed = "$Text".Trim()
    if ($trimmed -ne '') {
        return Get-Pair $Name (ConvertTo-JsonText $trimmed)
    }
}

# The same for a whole number that is not negative.
function Get-NumberPair([string] $Name, $Number) {
    if ("$Number" -match '^[0-9]+$') {
        return Get-Pair $Name "$Number"
    }
}

function Get-ObjectText($Pairs) {
    $there = @($Pairs | Where-Object { $_ })
    return '{' + ($there -join $comma) + '}'
}

function Get-ListText($Texts) {
    $quoted = @($Texts | Where-Object { $null -ne $_ } | ForEach-Object { ConvertTo-JsonText $_ })
    return '[' + ($quoted -join $comma) + ']'
}

# How long a text is once Configuration Manager has put it into JSON itself: each quote and backslash once more.
function Measure-Stored([string] $Text) {
    return $Text.Length + ($Text -replace '[^"\\]', '').Length
}

# RFC 3339 in UTC. Put together from numbers, because date formats follow the calendar of the user's culture.
function Get-TimeText($Time) {
    $utc = $Time.ToUniversalTime()
    return '{0:0000}-{1:00}-{2:00}T{3:00}:{4:00}:{5:00}Z' -f `
        $utc.Year, $utc.Month, $utc.Day, $utc.Hour, $utc.Minute, $utc.Second
}

function Write-Problem([string] $Text) {
    # The error stream, so that the output stays a report and nothing else.
    Write-Error -Message $Text -ErrorAction Continue
}

# ---- WMI ------------------------------------------------------------------------------------------------------------

$hasCim = [bool] (Get-Command Get-CimInstance -ErrorAction SilentlyContinue)

# All instances of a class, or an error. Get-WmiObject is gone from PowerShell 7, Get-CimInstance is missing in 2.0.
function Get-Instance([string] $Namespace, [string] $Class) {
    if ($hasCim) {
        Get-CimInstance -Namespace $Namespace -ClassName $Class -ErrorAction Stop
    }
    else {
        Get-WmiObject -Namespace $Namespace -Class $Class -ErrorAction Stop
    }
}

# The first instance; nothing where it cannot be read.
function Get-FirstInstance([string] $Namespace, [string] $Class) {
    try {
        foreach ($instance in @(Get-Instance $Namespace $Class)) {
            if ($null -ne $instance) {
                return $instance
            }
        }
    }
    catch {
        Write-Verbose "${Namespace}:$Class could not be read: $_"
    }
}

# A WMI date: a DateTime from Get-CimInstance, text such as 20261120060000.000000+060 from Get-WmiObject.
function Get-WmiTimeText($Value) {
    if ($Value -is [datetime]) {
        return Get-TimeText $Value
    }
    if ("$Value" -match '^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.\d{6}([+-]\d{3})$') {
        $offset = [int] $Matches[7]
        $date = '{0}-{1}-{2}' -f $Matches[1], $Matches[2], $Matches[3]
        $clock = '{0}:{1}:{2}' -f $Matches[4], $Matches[5], $Matches[6]
        # Read as UTC, then put right by the offset, which is in minutes.
        $time = ([datetime] "${date}T${clock}Z").ToUniversalTime()
        return Get-TimeText ($time.AddMinutes(-$offset))
    }
}

# ---- Registry -------------------------------------------------------------------------------------------------------

# Width of this process and of Windows, from the environment, which every language mode may read.
$wide = 'AMD64', 'ARM64', 'IA64'
$processBits = 32
if ($wide -contains "$env:PROCESSOR_ARCHITECTURE") {
    $processBits = 64
}
$windowsBits = $processBits
if ("$env:PROCESSOR_ARCHITEW6432" -ne '') {
    $windowsBits = 64
}
$redirected = ($windowsBits -ne $processBits)
$system32 = Join-Path $env:windir 'System32'
if ($redirected) {
    # The real System32 under the name that 32-bit processes have for it (Windows Vista and later).
    $system32 = Join-Path $env:windir 'Sysnative'
}

# A value as it goes into the report. A number of the wrong size or an endless text is said to be there, without data.
function New-RegistryValue([string] $Name, [string] $Type, $Data) {
    $json = 'null'
    if ($Type -eq 'REG_DWORD' -or $Type -eq 'REG_QWORD') {
        if ("$Data" -match '^-?[0-9]+$') {
            $json = "$Data"
            if ($Type -eq 'REG_DWORD' -and [int64] $Data -lt 0) {
                # .NET hands out signed numbers.
                $json = "$([int64] $Data + 4294967296)"
            }
        }
    }
    elseif ($Type -eq 'REG_MULTI_SZ') {
        $texts = @($Data | Where-Object { $null -ne $_ })
        if (($texts -join '').Length -lt 8000) {
            $json = Get-ListText $texts
        }
    }
    elseif ($Type -eq 'REG_SZ' -or $Type -eq 'REG_EXPAND_SZ') {
        if ("$Data".Length -lt 8000) {
            $json = ConvertTo-JsonText "$Data"
        }
    }
    elseif ($Type -eq 'REG_BINARY' -and $null -ne $Data -and @($Data).Length -le 64) {
        $json = ConvertTo-JsonText ((@($Data) | ForEach-Object { '{0:x2}' -f $_ }) -join '')
    }
    return @{ Name = $Name; Type = $Type; Json = $json }
}

# A reading is one of three: there (with values), absent, unread. Refused access and every error are "unread".
function New-Reading([string] $State, $Values) {
    return @{ State = $State; Found = @($Values | Where-Object { $null -ne $_ }) }
}

$dotNetTypes = @{
    'String'       = 'REG_SZ'
    'ExpandString' = 'REG_EXPAND_SZ'
    'Binary'       = 'REG_BINARY'
    'DWord'        = 'REG_DWORD'
    'MultiString'  = 'REG_MULTI_SZ'
    'QWord'        = 'REG_QWORD'
}

function Read-KeyByDotNet([string] $Path) {
    $key = $null
    try {
        $key = $registryRoot.OpenSubKey($Path, $false)
    }
    catch {
        return New-Reading 'unread'
    }
    if ($null -eq $key) {
        return New-Reading 'absent'
    }
    $values = @()
    $state = 'there'
    try {
        foreach ($name in @($key.GetValueNames())) {
            if ("$name" -ne '') {
                $type = $dotNetTypes["$($key.GetValueKind($name))"]
                if ($null -eq $type) {
                    $type = 'REG_UNKNOWN'
                }
                $values += New-RegistryValue $name $type ($key.GetValue($name, $null, 'DoNotExpandEnvironmentNames'))
            }
        }
    }
    catch {
        $state = 'unread'
    }
    $key.Close()
    return New-Reading $state $values
}

function Read-SubkeysByDotNet([string] $Path) {
    $key = $registryRoot.OpenSubKey($Path, $false)
    if ($null -ne $key) {
        $names = @($key.GetSubKeyNames())
        $key.Close()
        return $names
    }
}

# One call of the WMI registry provider, which must be the 64-bit one.
function Invoke-RegistryProvider([string] $Method, [string] $Path, $Name) {
    $in = $registryProvider.GetMethodParameters($Method)
    $in.SetPropertyValue('hDefKey', [uint32] 2147483650)
    $in.SetPropertyValue('sSubKeyName', $Path)
    if ($null -ne $Name) {
        $in.SetPropertyValue('sValueName', $Name)
    }
    $options = New-Object System.Management.InvokeMethodOptions
    $options.Context.Add('__ProviderArchitecture', 64)
    $options.Context.Add('__RequiredArchitecture', $true)
    return $registryProvider.InvokeMethod($Method, $in, $options)
}

$providerTypes = @{
    '1'  = @('REG_SZ', 'GetStringValue', 'sValue')
    '2'  = @('REG_EXPAND_SZ', 'GetExpandedStringValue', 'sValue')
    '3'  = @('REG_BINARY', 'GetBinaryValue', 'uValue')
    '4'  = @('REG_DWORD', 'GetDWORDValue', 'uValue')
    '7'  = @('REG_MULTI_SZ', 'GetMultiStringValue', 'sValue')
    '11' = @('REG_QWORD', 'GetQWORDValue', 'uValue')
}

function Read-KeyByProvider([string] $Path) {
    try {
        $listed = Invoke-RegistryProvider 'EnumValues' $Path $null
        $code = "$($listed.GetPropertyValue('ReturnValue'))"
        if ($code -eq '2') {
            return New-Reading 'absent'
        }
        if ($code -ne '0') {
            return New-Reading 'unread'
        }
        $values = @()
        $names = $listed.GetPropertyValue('sNames')
        $types = $listed.GetPropertyValue('Types')
        if ($null -ne $names) {
            for ($i = 0; $i -lt @($names).Length; $i++) {
                $name = @($names)[$i]
                $how = $providerTypes["$(@($types)[$i])"]
                if ("$name" -eq '') {
                    continue
                }
                if ($null -eq $how) {
                    $values += New-RegistryValue $name 'REG_UNKNOWN' $null
                    continue
                }
                $got = Invoke-RegistryProvider $how[1] $Path $name
                if ("$($got.GetPropertyValue('ReturnValue'))" -ne '0') {
                    return New-Reading 'unread'
                }
                $values += New-RegistryValue $name $how[0] ($got.GetPropertyValue($how[2]))
            }
        }
        return New-Reading 'there' $values
    }
    catch {
        return New-Reading 'unread'
    }
}

function Read-SubkeysByProvider([string] $Path) {
    $listed = Invoke-RegistryProvider 'EnumKey' $Path $null
    $code = "$($listed.GetPropertyValue('ReturnValue'))"
    if ($code -eq '0') {
        return $listed.GetPropertyValue('sNames')
    }
    if ($code -ne '2') {
        throw "the registry provider answered $code"
    }
}

# Lines of reg.exe about a key; nothing when it failed. "Not there" and "refused" have the same exit code and a
# translated sentence, so neither is looked at.
function Get-RegExeLine([string] $Path) {
    try {
        $lines = @(& $regExe query $Path 2>$null)
        if ($LASTEXITCODE -eq 0) {
            return , $lines
        }
    }
    catch {
        Write-Verbose "reg.exe could not be started: $_"
    }
}

# A key that cannot be read is not there only if its parent can be listed and does not list it.
function Test-ListedInParent([string] $Path) {
    $cut = $Path.LastIndexOf('\')
    $parent = 'HKEY_LOCAL_MACHINE'
    if ($cut -ge 0) {
        $parent = 'HKEY_LOCAL_MACHINE\' + $Path.Substring(0, $cut)
    }
    $lines = Get-RegExeLine $parent
    if ($null -ne $lines) {
        return @($lines | Where-Object { "$_".Trim() -eq "HKEY_LOCAL_MACHINE\$Path" }).Length -gt 0
    }
    if ($cut -lt 0) {
        # Not even the root can be listed, so nothing is known.
        return $true
    }
    return Test-ListedInParent ($Path.Substring(0, $cut))
}

# A hexadecimal number as reg.exe prints it.
function ConvertFrom-Hex([string] $Text) {
    $number = [int64] 0
    foreach ($letter in $Text.ToLower().Replace('0x', '').ToCharArray()) {
        $number = $number * 16 + '0123456789abcdef'.IndexOf([string] $letter)
    }
    return $number
}

function Read-KeyByRegExe([string] $Path) {
    $lines = Get-RegExeLine "HKEY_LOCAL_MACHINE\$Path"
    if ($null -eq $lines) {
        if (Test-ListedInParent $Path) {
            return New-Reading 'unread'
        }
        return New-Reading 'absent'
    }
    $values = @()
    foreach ($line in $lines) {
        if ("$line" -match '^(?: {4}|\t)(.+?)(?: {4}|\t)(REG_[A-Z_]+)(?:(?: {4}|\t)(.*))?$') {
            $name = $Matches[1]
            $type = $Matches[2]
            $data = "$($Matches[3])"
            if ($type -eq 'REG_DWORD' -or $type -eq 'REG_QWORD') {
                if ($data -match '^0x[0-9a-f]{1,15}$') {
                    $data = ConvertFrom-Hex $data
                }
            }
            elseif ($type -eq 'REG_MULTI_SZ') {
                $data = $data -split '\\0'
            }
            elseif ($type -ne 'REG_SZ' -and $type -ne 'REG_EXPAND_SZ') {
                $data = $null
            }
            $values += New-RegistryValue $name $type $data
        }
    }
    return New-Reading 'there' $values
}

function Read-SubkeysByRegExe([string] $Path) {
    $prefix = "HKEY_LOCAL_MACHINE\$Path\"
    $lines = Get-RegExeLine "HKEY_LOCAL_MACHINE\$Path"
    if ($null -eq $lines) {
        if (Test-ListedInParent $Path) {
            throw "$Path could not be listed"
        }
        return
    }
    foreach ($line in $lines) {
        if ("$line".ToLower().StartsWith($prefix.ToLower())) {
            "$line".Substring($prefix.Length).Trim()
        }
    }
}

# Which way is certain here. See the description.
$way = 'none'
$regExe = Join-Path $system32 'reg.exe'
if ($constrained) {
    if (Test-Path $regExe) {
        $way = 'reg.exe'
    }
}
elseif (-not $redirected) {
    $registryRoot = [Microsoft.Win32.Registry]::LocalMachine
    $way = '.NET'
}
elseif ([Microsoft.Win32.RegistryKey].GetMethod('OpenBaseKey') -ne $null) {
    $registryRoot = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    $way = '.NET'
}
else {
    try {
        $connection = New-Object System.Management.ConnectionOptions
        $connection.Context.Add('__ProviderArchitecture', 64)
        $connection.Context.Add('__RequiredArchitecture', $true)
        $scope = New-Object System.Management.ManagementScope('\\.\root\default', $connection)
        $scope.Connect()
        $registryProvider = New-Object System.Management.ManagementClass(
            $scope, (New-Object System.Management.ManagementPath('StdRegProv')), $null)
        # Wow6432Node is seen from the 64-bit side only; so this proves which side answers.
        if ((Read-KeyByProvider 'SOFTWARE\Wow6432Node\Microsoft').State -eq 'there') {
            $way = 'WMI'
        }
    }
    catch {
        Write-Verbose "the 64-bit registry provider cannot be had: $_"
    }
    if ($way -eq 'none' -and (Test-Path $regExe)) {
        $way = 'reg.exe'
    }
}

function Read-Key([string] $Path) {
    if ($way -eq '.NET') {
        return Read-KeyByDotNet $Path
    }
    if ($way -eq 'WMI') {
        return Read-KeyByProvider $Path
    }
    if ($way -eq 'reg.exe') {
        return Read-KeyByRegExe $Path
    }
    return New-Reading 'unread'
}

# Names of the keys under a key. An error where that cannot be told.
function Read-Subkeys([string] $Path) {
    if ($way -eq '.NET') {
        return Read-SubkeysByDotNet $Path
    }
    if ($way -eq 'WMI') {
        return Read-SubkeysByProvider $Path
    }
    if ($way -eq 'reg.exe') {
        return Read-SubkeysByRegExe $Path
    }
    throw 'the registry cannot be read'
}

# One value of a reading; nothing where it is not there.
function Get-ReadValue($Reading, [string] $Name) {
    foreach ($value in $Reading.Found) {
        if ($value.Name -eq $Name) {
            return $value
        }
    }
}

# The text of a value; nothing where it is not there or is no text.
function Get-ReadText($Reading, [string] $Name) {
    $value = Get-ReadValue $Reading $Name
    if ($null -ne $value -and "$($value.Json)" -match '^"([^"\\]*)"$') {
        return $Matches[1]
    }
}

$times = $false
if (-not $constrained -and -not $NoCompile -and -not $whatIfOnly -and $way -ne 'none') {
    try {
        if (-not ('CutoverCollect.KeyTime' -as [type])) {
            Add-Type -IgnoreWarnings -ErrorAction Stop -TypeDefinition @'
using System;
using System.Runtime.InteropServices;
namespace CutoverCollect {
    public static class KeyTime {
        [DllImport("advapi32.dll", CharSet = CharSet.Unicode)]
        private static extern int RegOpenKeyEx(IntPtr root, string path, int options, int access, out IntPtr key);
        [DllImport("advapi32.dll", CharSet = CharSet.Unicode)]
        private static extern int RegQueryInfoKey(IntPtr key, IntPtr text, IntPtr textLength, IntPtr reserved,
            IntPtr subKeys, IntPtr longestSubKey, IntPtr longestText, IntPtr values, IntPtr longestName,
            IntPtr longestData, IntPtr security, out long written);
        [DllImport("advapi32.dll")]
        private static extern int RegCloseKey(IntPtr key);

        // FILETIME of the last write to a key under HKEY_LOCAL_MACHINE in the 64-bit view, or -1.
        public static long Of(string path) {
            IntPtr key;
            IntPtr root = new IntPtr(unchecked((int)0x80000002));
            if (RegOpenKeyEx(root, path, 0, 0x0101, out key) != 0) {
                return -1;
            }
            long written;
            int code = RegQueryInfoKey(key, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero,
                IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, out written);
            RegCloseKey(key);
            return code == 0 ? written : -1;
        }
    }
}
'@
        }
        $times = $true
    }
    catch {
        Write-Verbose "times of last writing cannot be had: $_"
    }
}

function Get-LastWriteText([string] $Path) {
    if ($times) {
        try {
            $written = [CutoverCollect.KeyTime]::Of($Path)
            if ($written -gt 0) {
                return Get-TimeText ([datetime]::FromFileTimeUtc($written))
            }
        }
        catch {
            Write-Verbose "no time of last writing for ${Path}: $_"
        }
    }
}

# A key as it goes into the report; nothing where it could not be read. With names, only those were asked for: one
# that is null was looked for and is not there.
function Get-KeyText([string] $Path, $Reading, $Names) {
    $pairs = @(Get-TextPair 'key' "HKLM\$Path")
    if ($Reading.State -eq 'absent') {
        $pairs += Get-Pair 'exists' 'false'
        return Get-ObjectText $pairs
    }
    if ($Reading.State -ne 'there') {
        return
    }
    $pairs += Get-Pair 'exists' 'true'
    $pairs += Get-TextPair 'last_write_at' (Get-LastWriteText $Path)
    $values = @()
    if ($Names) {
        $pairs += Get-Pair 'partial' 'true'
        foreach ($name in $Names) {
            $value = Get-ReadValue $Reading $name
            if ($null -eq $value) {
                $values += Get-Pair $name 'null'
            }
            else {
                $values += Get-ValueText $value
            }
        }
    }
    else {
        foreach ($value in $Reading.Found) {
            # A name that the server would not take is none that the rules know.
            if ($value.Name.Length -le 200 -and $value.Name -cmatch '^[ -~]+$') {
                $values += Get-ValueText $value
            }
        }
    }
    $pairs += Get-Pair 'values' (Get-ObjectText $values)
    return Get-ObjectText $pairs
}

function Get-ValueText($Value) {
    $json = $Value.Json
    if ($Compact -and $json.Length -gt 12) {
        # A long text where a number belongs: that it is there and of which type is all that counts.
        $json = 'null'
    }
    $pairs = @((Get-TextPair 'type' $Value.Type), (Get-Pair 'data' $json))
    return Get-Pair $Value.Name (Get-ObjectText $pairs)
}

# ---- What is read ---------------------------------------------------------------------------------------------------

$schannel = 'SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols'
$winHttp = 'Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp'
$protocols = @('DefaultSecureProtocols')
$switches = @('Enabled', 'DisabledByDefault')
$dotNet = @('SystemDefaultTlsVersions', 'SchUseStrongCrypto')

# Path; names to ask for (none: all of them); names that a compact report asks for (none: it leaves the key out);
# whether a compact report needs the key, or takes it where there is room.
$keys = @(
    @{ Path = "SOFTWARE\$winHttp"; Compact = $protocols; Must = $true },
    @{ Path = "SOFTWARE\Wow6432Node\$winHttp"; Compact = $protocols; Must = $true },
    @{ Path = "$schannel\TLS 1.2\Client"; Compact = $switches; Must = $true },
    @{ Path = "$schannel\TLS 1.2\Server"; Compact = $switches; OnSiteSystems = $true },
    @{ Path = "$schannel\TLS 1.0\Client" },
    @{ Path = "$schannel\TLS 1.0\Server" },
    @{ Path = "$schannel\TLS 1.1\Client" },
    @{ Path = "$schannel\TLS 1.1\Server" },
    @{ Path = "$schannel\TLS 1.3\Client" },
    @{ Path = 'SOFTWARE\Microsoft\.NETFramework\v4.0.30319'; Compact = $dotNet; Must = $true },
    @{ Path = 'SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v4.0.30319'; Compact = $dotNet; Must = $true },
    @{ Path = 'SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full'
        Names = @('Release', 'Install', 'Version'); Compact = @('Release'); Must = $true
    },
    @{ Path = 'SOFTWARE\Microsoft\NET Framework Setup\NDP\v3.5'
        Names = @('Install', 'SP', 'Version'); Compact = @('Install')
    },
    @{ Path = 'SOFTWARE\Microsoft\.NETFramework\v2.0.50727'; Compact = $dotNet },
    @{ Path = 'SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v2.0.50727'; Compact = $dotNet },
    @{ Path = 'SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy'
        Names = @('Enabled'); Compact = @('Enabled')
    },
    @{ Path = 'SYSTEM\CurrentControlSet\Control\Lsa'; Names = @('FIPSAlgorithmPolicy') },
    @{ Path = 'SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002'; Names = @('Functions') },
    @{ Path = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'; Names = @('CurrentBuildNumber', 'UBR', 'DisplayVersion') }
)

$readings = @{}
$notRead = @()
foreach ($key in $keys) {
    $reading = Read-Key $key.Path
    $readings[$key.Path] = $reading
    if ($reading.State -eq 'unread') {
        $notRead += 'HKLM\' + $key.Path
    }
}

# ---- The machine ----------------------------------------------------------------------------------------------------

$os = Get-FirstInstance 'root\cimv2' 'Win32_OperatingSystem'
if ($null -eq $os -or "$($os.Version)" -eq '') {
    Write-Problem 'Win32_OperatingSystem could not be read, so there is nothing to report. Repair WMI on this computer.'
    exit 1
}
$computer = Get-FirstInstance 'root\cimv2' 'Win32_ComputerSystem'
$product = Get-FirstInstance 'root\cimv2' 'Win32_ComputerSystemProduct'
$bios = Get-FirstInstance 'root\cimv2' 'Win32_BIOS'
$client = Get-FirstInstance 'root\ccm' 'CCM_Client'
$authority = Get-FirstInstance 'root\ccm' 'SMS_Authority'

$fqdn = ''
if ($null -ne $computer -and $computer.PartOfDomain -and "$($computer.Domain)" -match '\.') {
    $hostName = "$($computer.DNSHostName)"
    if ($hostName -eq '') {
        $hostName = "$($computer.Name)"
    }
    $fqdn = "$hostName.$($computer.Domain)"
}

$smsGuid = "$($client.ClientId)"
if ($smsGuid -eq '') {
    try {
        foreach ($line in @(Get-Content -Path (Join-Path $env:windir 'SMSCFG.ini') -ErrorAction Stop)) {
            if ("$line" -match '^\s*SMS Unique Identifier\s*=\s*(GUID:[0-9A-F-]{36})') {
                $smsGuid = $Matches[1]
            }
        }
    }
    catch {
        Write-Verbose "SMSCFG.ini could not be read: $_"
    }
}

$site = "$($authority.Name)" -replace '^SMS:', ''
if ($site -eq '') {
    $site = Get-ReadText (Read-Key 'SOFTWARE\Microsoft\SMS\Mobile Client') 'AssignedSiteCode'
}

$architecture = "$($os.OSArchitecture)"
if ($Compact -or $architecture -notmatch '64|32') {
    # The text is translated; only its digits count.
    $architecture = "$windowsBits-bit"
}
$registryBuild = Get-ReadText $readings['SOFTWARE\Microsoft\Windows NT\CurrentVersion'] 'CurrentBuildNumber'

# Site system roles: by services, and by keys of the site's own setup. A role that is found brings more checks, never
# fewer.
$roles = @($Role | Where-Object { $_ })
$services = @{}
foreach ($service in @(Get-Service -ErrorAction SilentlyContinue)) {
    if ($null -ne $service) {
        $services["$($service.Name)"] = $true
    }
}
if ($services['SMS_SITE_COMPONENT_MANAGER']) {
    $roles += 'site_server'
}
elseif ($services['SMS_EXECUTIVE']) {
    $roles += 'site_system'
}
if (@($services.Keys | Where-Object { $_ -like 'SMS_SITE_SQL_BACKUP*' }).Length -gt 0) {
    $roles += 'site_database'
}
if ($services['WsusService']) {
    $roles += 'software_update_point'
}
# A key of the setup that is there but cannot be read says the same, where the list of the keys beside it names it.
function Test-SetUp([string] $Name) {
    $state = (Read-Key "SOFTWARE\Microsoft\SMS\$Name").State
    if ($state -ne 'unread') {
        return $state -eq 'there'
    }
    try {
        return @(Read-Subkeys 'SOFTWARE\Microsoft\SMS') -contains $Name
    }
    catch {
        return $false
    }
}
if (Test-SetUp 'MP') {
    $roles += 'management_point'
}
if (Test-SetUp 'DP') {
    $roles += 'distribution_point'
}
$roles = @($roles | Select-Object -Unique)

# File versions by their numbers: the text beside them can say anything. A file that is not there is left out.
$files = @()
function Get-FilePair([string] $Name, [string] $Path) {
    try {
        $found = (Get-Item -Path $Path -ErrorAction Stop).VersionInfo
        $parts = $found.FileMajorPart, $found.FileMinorPart, $found.FileBuildPart, $found.FilePrivatePart
        $text = $parts -join '.'
        if ($text -match '^\d+\.\d+\.\d+\.\d+$' -and $text -ne '0.0.0.0') {
            return Get-TextPair $Name $text
        }
    }
    catch {
        Write-Verbose "no version of ${Path}: $_"
    }
}
foreach ($name in 'winhttp.dll', 'webio.dll', 'schannel.dll') {
    $files += Get-FilePair "System32\$name" (Join-Path $system32 $name)
}
if ($services['WsusService']) {
    $programs = $env:ProgramFiles
    if ("$env:ProgramW6432" -ne '') {
        $programs = $env:ProgramW6432
    }
    $files += Get-FilePair 'WsusService.exe' (Join-Path $programs 'Update Services\Service\bin\WsusService.exe')
}
$files = @($files | Where-Object { $_ })

# Updates. A list that cannot be read is left out.
$hotfixes = $null
try {
    $hotfixes = @(Get-Instance 'root\cimv2' 'Win32_QuickFixEngineering' |
        ForEach-Object { "$($_.HotFixID)".Trim() } |
        Where-Object { $_ -match '^(KB|Q)?[0-9]{5,9}' } |
        Select-Object -Unique)
}
catch {
    Write-Verbose "the list of updates could not be read: $_"
}

# Cipher suites in force: what Windows says, else the policy, else the local list.
$suites = $null
if (Get-Command Get-TlsCipherSuite -ErrorAction SilentlyContinue) {
    try {
        $suites = @(Get-TlsCipherSuite -ErrorAction Stop | ForEach-Object { "$($_.Name)" } | Where-Object { $_ })
    }
    catch {
        Write-Verbose "Get-TlsCipherSuite failed: $_"
    }
}
$localPath = 'SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010002'
$policyPath = 'SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002'
$policy = Get-ReadValue $readings[$policyPath] 'Functions'
$policyUnread = ($readings[$policyPath].State -eq 'unread')
if ($null -eq $suites -and -not $policyUnread) {
    $value = $policy
    if ($null -eq $value) {
        $value = Get-ReadValue (Read-Key $localPath) 'Functions'
    }
    if ($null -ne $value) {
        $found = @("$($value.Json)" -split '[\[\]",\s]+' | Where-Object { $_ -match '^(TLS|SSL)_[A-Z0-9_]+$' })
        if ($found.Length -gt 0) {
            $suites = $found
        }
    }
}
if ($null -ne $suites -and @($suites).Length -eq 0) {
    $suites = $null
}

# SQL Server and its drivers, on site systems only. If one list cannot be read, none is reported.
$drivers = 'Native Client|ODBC Driver|Database Engine Services|' +
    '^Microsoft SQL Server \d{4}( R2)?( Express)?( \(64-bit\))?$'
$software = $null
if ($roles.Length -gt 0) {
    try {
        $found = @()
        foreach ($view in '', 'Wow6432Node\') {
            $folder = "SOFTWARE\${view}Microsoft\Windows\CurrentVersion\Uninstall"
            foreach ($name in @(Read-Subkeys $folder)) {
                if ("$name" -eq '') {
                    continue
                }
                $entry = Read-Key "$folder\$name"
                if ($entry.State -eq 'unread') {
                    throw "$folder\$name could not be read"
                }
                $title = "$(Get-ReadText $entry 'DisplayName')"
                if ($title -match 'SQL Server' -and $title -match $drivers) {
                    $pairs = @(
                        (Get-TextPair 'name' $title),
                        (Get-TextPair 'version' (Get-ReadText $entry 'DisplayVersion'))
                    )
                    $found += Get-ObjectText $pairs
                }
            }
        }
        $software = @($found | Select-Object -Unique)
    }
    catch {
        Write-Verbose "the list of installed programs could not be read: $_"
    }
}

# ---- The report -----------------------------------------------------------------------------------------------------

$explicit = 'true'
if ($way -eq 'none') {
    $explicit = 'false'
}
$collectorPairs = @(
    (Get-TextPair 'name' 'cutover-collect'),
    (Get-TextPair 'version' $version),
    (Get-NumberPair 'process_bits' $processBits),
    (Get-Pair 'explicit_views' $explicit)
)
$now = Get-Date
$head = @(
    (Get-Pair 'schema_version' '1'),
    (Get-TextPair 'collected_at' (Get-TimeText $now))
)
$build = "$($os.BuildNumber)".Trim()
$osPairs = @(
    (Get-TextPair 'version' $os.Version),
    (Get-NumberPair 'build' $build),
    (Get-NumberPair 'product_type' $os.ProductType),
    (Get-TextPair 'architecture' $architecture),
    (Get-NumberPair 'service_pack' $os.ServicePackMajorVersion),
    (Get-NumberPair 'sku' $os.OperatingSystemSKU),
    (Get-NumberPair 'suite_mask' $os.SuiteMask),
    (Get-TextPair 'last_boot_at' (Get-WmiTimeText $os.LastBootUpTime))
)

# A compact report is kept below 4,000 characters like this. Every text has a limit, over which it is left out; what
# the rules need to decide is bounded so that it always fits; and everything else is taken in order of its worth while
# there is room. All of it is counted as Configuration Manager stores it, with each quote and backslash escaped once
# more. The worst case is kept as an example beside the tests of the project.
$storedLimit = 3900

function Get-ShortPair([string] $Name, $Text, [int] $Limit) {
    $pair = Get-TextPair $Name $Text
    if ($pair -and (Measure-Stored $pair) -le $Limit + $Name.Length + 9) {
        return $pair
    }
}

function Get-CompactReport {
    $clientPairs = @(
        (Get-ShortPair 'sms_guid' $smsGuid 45),
        (Get-ShortPair 'site_code' $site 3),
        (Get-ShortPair 'name' $env:COMPUTERNAME 105),
        (Get-ShortPair 'fqdn' $fqdn 120),
        (Get-ShortPair 'smbios_guid' $product.UUID 38),
        (Get-ShortPair 'serial_number' $bios.SerialNumber 40),
        (Get-ShortPair 'client_version' $client.ClientVersion 20)
    )
    if ($roles.Length -gt 0) {
        $clientPairs += Get-Pair 'roles' (Get-ListText $roles)
    }
    $osShort = @(Get-ShortPair 'caption' $os.Caption 80) + $osPairs + @(Get-NumberPair 'registry_build' $registryBuild)

    $entries = @()
    foreach ($key in $keys) {
        if ($key.Must -or ($key.OnSiteSystems -and $roles.Length -gt 0)) {
            $entries += Get-KeyText $key.Path $readings[$key.Path] $key.Compact
        }
    }
    if ($null -ne $policy -and $null -eq $suites) {
        # A policy that cannot be read as names must not look like none.
        $entries += Get-KeyText $policyPath $readings[$policyPath] @('Functions')
    }

    $tail = @()
    if ($null -ne $hotfixes) {
        $known = @($hotfixes | Where-Object { $_ -match '^KB(3140245|4019276|4467770|4022720|4022721)$' })
        $tail += Get-Pair 'hotfixes' (Get-ListText $known)
        $tail += Get-Pair 'hotfixes_cut' 'true'
    }
    if ($files.Length -gt 0) {
        $tail += Get-Pair 'files' (Get-ObjectText $files)
    }
    $fixed = $head + @(
        (Get-Pair 'collector' (Get-ObjectText $collectorPairs)),
        (Get-Pair 'client' (Get-ObjectText $clientPairs)),
        (Get-Pair 'os' (Get-ObjectText $osShort))
    ) + $tail
    $room = $storedLimit - (Measure-Stored (Get-ObjectText ($fixed + @(Get-Pair 'registry' "[$($entries -join ',')]"))))

    if ($null -ne $software) {
        $pair = Get-Pair 'software' "[$($software -join ',')]"
        $cost = (Measure-Stored $pair) + 1
        if ($cost -le $room) {
            $fixed += $pair
            $room -= $cost
        }
    }
    if ($null -ne $suites) {
        # A list that is too long is cut and says so; what TLS 1.2 can use best is kept. Fewer suites can make a client
        # look worse, never better.
        $room -= 60
        $taken = @()
        $cut = $false
        $sorted = $suites
        if ((Measure-Stored (Get-ListText $suites)) -gt $room) {
            $sorted = @($suites | Where-Object { $_ -match '_WITH_.*_GCM_' }) +
                @($suites | Where-Object { $_ -match '_WITH_' -and $_ -notmatch '_GCM_' }) +
                @($suites | Where-Object { $_ -notmatch '_WITH_' })
        }
        foreach ($suite in $sorted) {
            $cost = (Measure-Stored (ConvertTo-JsonText $suite)) + 1
            if ($cost -le $room) {
                $taken += $suite
                $room -= $cost
            }
            else {
                $cut = $true
                break
            }
        }
        if ($taken.Length -gt 0) {
            $fixed += Get-Pair 'cipher_suites' (Get-ListText $taken)
            if ($cut) {
                $fixed += Get-Pair 'cipher_suites_cut' 'true'
            }
        }
    }
    foreach ($key in $keys) {
        if ($key.Compact -and -not $key.Must -and -not $key.OnSiteSystems) {
            $entry = Get-KeyText $key.Path $readings[$key.Path] $key.Compact
            if ($entry) {
                $cost = (Measure-Stored $entry) + 1
                if ($cost -le $room) {
                    $entries += $entry
                    $room -= $cost
                }
            }
        }
    }
    return Get-ObjectText ($fixed + @(Get-Pair 'registry' "[$(@($entries | Where-Object { $_ }) -join ',')]"))
}

function Get-FullReport {
    $addresses = @()
    try {
        foreach ($adapter in @(Get-Instance 'root\cimv2' 'Win32_NetworkAdapterConfiguration')) {
            if ($null -ne $adapter -and $adapter.IPEnabled) {
                $addresses += @($adapter.IPAddress | Where-Object { $_ } | Select-Object -First 8)
            }
        }
    }
    catch {
        Write-Verbose "addresses could not be read: $_"
    }
    $clientPairs = @(
        (Get-TextPair 'sms_guid' $smsGuid),
        (Get-TextPair 'site_code' $site),
        (Get-TextPair 'name' $env:COMPUTERNAME),
        (Get-TextPair 'fqdn' $fqdn),
        (Get-TextPair 'smbios_guid' $product.UUID),
        (Get-TextPair 'serial_number' $bios.SerialNumber),
        (Get-Pair 'ip_addresses' (Get-ListText $addresses)),
        (Get-TextPair 'management_point' $authority.CurrentManagementPoint),
        (Get-TextPair 'client_version' $client.ClientVersion),
        (Get-Pair 'roles' (Get-ListText $roles))
    )
    $collectorFull = $collectorPairs + @(
        (Get-TextPair 'registry_read_by' $way),
        (Get-TextPair 'powershell' $PSVersionTable.PSVersion)
    )
    if ($notRead.Length -gt 0) {
        $collectorFull += Get-Pair 'not_read' (Get-ListText $notRead)
    }
    $entries = @()
    foreach ($key in $keys) {
        $entries += Get-KeyText $key.Path $readings[$key.Path] $key.Names
    }
    $entries = @($entries | Where-Object { $_ })
    $sections = $head + @(
        (Get-Pair 'collector' (Get-ObjectText $collectorFull)),
        (Get-Pair 'client' (Get-ObjectText $clientPairs)),
        (Get-Pair 'os' (Get-ObjectText (@(Get-TextPair 'caption' $os.Caption) + $osPairs))),
        (Get-Pair 'registry' ("[`r`n    " + ($entries -join ",`r`n    ") + "`r`n  ]"))
    )
    if ($null -ne $hotfixes) {
        $sections += Get-Pair 'hotfixes' (Get-ListText $hotfixes)
    }
    if ($files.Length -gt 0) {
        $sections += Get-Pair 'files' (Get-ObjectText $files)
    }
    if ($null -ne $suites) {
        $sections += Get-Pair 'cipher_suites' (Get-ListText $suites)
    }
    if ($null -ne $software) {
        $sections += Get-Pair 'software' "[$($software -join $comma)]"
    }
    return "{`r`n  " + ((@($sections | Where-Object { $_ })) -join ",`r`n  ") + "`r`n}"
}

if ($Compact) {
    $report = Get-CompactReport
    if ((Measure-Stored $report) -ge 4000) {
        Write-Problem 'The compact report is longer than 4,000 characters, which Run Scripts would cut. Name fewer roles.'
        exit 1
    }
}
else {
    $report = Get-FullReport
}

# ---- Where it goes --------------------------------------------------------------------------------------------------

function Save-Report([string] $Path) {
    if ($constrained) {
        Set-Content -LiteralPath $Path -Value $report -Encoding ASCII -ErrorAction Stop
    }
    else {
        [System.IO.File]::WriteAllText($Path, $report + "`r`n", (New-Object System.Text.UTF8Encoding($false)))
    }
}

# .NET does not follow the current location of PowerShell.
function Get-FullPath([string] $Path) {
    return $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
}

# Another certificate than the given one is refused, whoever signed it.
function Set-CertificatePin([string] $Thumbprint) {
    if (-not ('CutoverCollect.Pin' -as [type])) {
        Add-Type -IgnoreWarnings -ErrorAction Stop -TypeDefinition @'
using System;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
namespace CutoverCollect {
    public static class Pin {
        private static string wanted;

        public static void Use(string thumbprint) {
            wanted = thumbprint.ToUpperInvariant();
            ServicePointManager.ServerCertificateValidationCallback = new RemoteCertificateValidationCallback(Check);
        }

        private static bool Check(object sender, X509Certificate shown, X509Chain chain, SslPolicyErrors errors) {
            if (shown == null) {
                return false;
            }
            HashAlgorithm hash = wanted.Length == 40 ? (HashAlgorithm)SHA1.Create() : SHA256.Create();
            string found = BitConverter.ToString(hash.ComputeHash(shown.GetRawCertData())).Replace("-", "");
            return string.Equals(found, wanted, StringComparison.Ordinal);
        }
    }
}
'@
    }
    [CutoverCollect.Pin]::Use($Thumbprint)
}

function Send-Report {
    if ("$($PSVersionTable.PSEdition)" -ne 'Core') {
        # 3072 is TLS 1.2. The name is missing in .NET before 4.5; the number works from .NET 3.5 on where Windows'
        # updates for it are installed. It counts for this process only.
        [System.Net.ServicePointManager]::SecurityProtocol = [enum]::ToObject([System.Net.SecurityProtocolType], 3072)
    }
    [System.Net.ServicePointManager]::Expect100Continue = $false
    if ("$thumbprint" -ne '') {
        Set-CertificatePin $thumbprint
    }
    $request = [System.Net.WebRequest]::Create($Server.TrimEnd('/') + '/api/v1/reports')
    $request.Method = 'POST'
    $request.ContentType = 'application/json'
    $request.UserAgent = "cutover-collect/$version"
    $request.AllowAutoRedirect = $false
    $request.Timeout = 60000
    $bytes = [System.Text.Encoding]::ASCII.GetBytes($report)
    if ("$SigningKey" -ne '') {
        # The name that the report itself gives, in full where the machine has a domain.
        $machine = "$env:COMPUTERNAME".ToLower()
        if ("$fqdn" -ne '') {
            $machine = "$fqdn".ToLower()
        }
        $hmac = New-Object System.Security.Cryptography.HMACSHA256
        $hmac.Key = [System.Convert]::FromBase64String($SigningKey)
        $newLine = [string] [char] 10
        $signed = [System.Text.Encoding]::UTF8.GetBytes('cutover report 1' + $newLine + $machine + $newLine) + $bytes
        $request.Headers.Add('Cutover-Machine', $machine)
        $request.Headers.Add('Cutover-Signature', [System.Convert]::ToBase64String($hmac.ComputeHash([byte[]] $signed)))
    }
    else {
        $request.Headers.Add('Authorization', "Bearer $Token")
    }
    $request.ContentLength = $bytes.Length
    $stream = $request.GetRequestStream()
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Close()
    $response = $request.GetResponse()
    $status = [int] $response.StatusCode
    $response.Close()
    if ($status -ne 200) {
        throw "the server answered with status $status"
    }
}

# What the server said about a refused report, from inside the exceptions that PowerShell wraps around it.
function Get-Refusal($Exception) {
    $text = $Exception.Message
    while ($null -ne $Exception) {
        $text = $Exception.Message
        if ($Exception -is [System.Net.WebException] -and $null -ne $Exception.Response) {
            $reader = New-Object System.IO.StreamReader($Exception.Response.GetResponseStream())
            $said = $reader.ReadToEnd()
            $reader.Close()
            if ($said.Length -gt 1000) {
                $said = $said.Substring(0, 1000) + ' (cut)'
            }
            return "$text $said"
        }
        $Exception = $Exception.InnerException
    }
    return $text
}

if ("$Token" -eq '') {
    $Token = $env:CUTOVER_TOKEN
}
if ("$SigningKey" -eq '') {
    $SigningKey = $env:CUTOVER_SIGNING_KEY
}
# Colons and blanks are how certificate tools group the digits.
$thumbprint = $CertificateThumbprint -replace '[: ]', ''
$wrong = ''
if ($OutFile -and $OutDir) {
    $wrong = 'Give -OutFile or -OutDir, not both.'
}
elseif ($Server -and -not ($OutFile -or $OutDir -or $Share)) {
    $wrong = 'Say with -OutDir, -OutFile or -Share where the report is kept; it is written before it is sent.'
}
elseif ($Server -and "$SigningKey" -eq '' -and $Server -notmatch '^https://') {
    $wrong = 'The address of the server must start with https://. Over http:// only signed reports are sent; see -SigningKey.'
}
elseif ($Server -and "$SigningKey" -ne '' -and $Server -notmatch '^http://') {
    $wrong = 'Signed reports have an address of their own, which starts with http://. Over https:// give a token.'
}
elseif ($Server -and "$SigningKey" -eq '' -and "$Token" -eq '') {
    $wrong = 'Give a token for sending with -Token or in the environment variable CUTOVER_TOKEN.'
}
elseif ($Server -and $constrained) {
    $wrong = 'Sending is not possible in Constrained Language Mode. Use -Share.'
}
elseif ($CertificateThumbprint -and $thumbprint -notmatch '^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$') {
    $wrong = 'A thumbprint has 40 (SHA-1) or 64 (SHA-256) hexadecimal digits.'
}
if ($wrong) {
    Write-Problem $wrong
    exit 1
}

$stamp = (Get-TimeText $now) -replace '[-:]', ''
$fileName = "${env:COMPUTERNAME}_$stamp.json"

if (-not ($OutFile -or $OutDir -or $Share)) {
    if ($PSCmdlet.ShouldProcess('the output stream', 'Print the report')) {
        Write-Output $report
    }
    exit 0
}

try {
    if ($OutDir) {
        if (-not (Test-Path -LiteralPath $OutDir) -and $PSCmdlet.ShouldProcess($OutDir, 'Make the folder')) {
            New-Item -ItemType Directory -Path $OutDir -ErrorAction Stop | Out-Null
        }
        $OutFile = Join-Path $OutDir $fileName
    }
    if ($OutFile -and $PSCmdlet.ShouldProcess($OutFile, 'Write the report')) {
        if (-not $constrained) {
            $OutFile = Get-FullPath $OutFile
        }
        Save-Report $OutFile
    }
    if ($Share) {
        $final = $Share.TrimEnd('\') + '\' + $fileName
        if ($PSCmdlet.ShouldProcess($final, 'Write the report')) {
            Save-Report "$final.tmp"
            if ($constrained) {
                Rename-Item -Path "$final.tmp" -NewName $fileName -ErrorAction Stop
            }
            else {
                [System.IO.File]::Move("$final.tmp", $final)
            }
        }
    }
}
catch {
    Write-Problem "The report could not be written: $($_.Exception.Message)"
    exit 2
}

if ($Server -and $PSCmdlet.ShouldProcess($Server, 'Send the report')) {
    try {
        Send-Report
    }
    catch {
        Write-Problem "The report was written, but the server did not take it: $(Get-Refusal $_.Exception)"
        exit 3
    }
}
exit 0
