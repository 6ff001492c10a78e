# Runs the script that makes a collection against cmdlets that only remember: a dry run changes nothing, -Apply adds and
# removes exactly. Called by tests/kit/grammar where pwsh is there, with the path of the script.
param([string]$Script)
$ErrorActionPreference = 'Stop'

$global:rules = @{}
$global:calls = @()
$global:there = $false
function global:Get-PSDrive {
    param($Name)
    'drive'
}
function global:Push-Location { param($Path) }
function global:Pop-Location { }
function global:Get-CMDeviceCollection {
    param($Name)
    if ($global:there) { New-Object PSObject -Property @{ CollectionID = 'P0100042'; Name = $Name } }
}
function global:New-CMDeviceCollection {
    param($Name, $LimitingCollectionId, $Comment)
    $global:calls += "new $LimitingCollectionId"
    $global:there = $true
    New-Object PSObject -Property @{ CollectionID = 'P0100042'; Name = $Name }
}
function global:Get-CMDeviceCollectionDirectMembershipRule {
    param($CollectionId)
    foreach ($id in @($global:rules.Keys)) { New-Object PSObject -Property @{ ResourceID = $id } }
}
function global:Add-CMDeviceCollectionDirectMembershipRule {
    param($CollectionId, [int[]]$ResourceId)
    $global:calls += "add $ResourceId"
    foreach ($id in $ResourceId) { if ($id -eq $global:refused) { throw 'no such device' }; $global:rules[$id] = $true }
}
function global:Remove-CMDeviceCollectionDirectMembershipRule {
    param($CollectionId, [int[]]$ResourceId, [switch]$Force)
    $global:calls += "remove $ResourceId"
    foreach ($id in $ResourceId) { $global:rules.Remove($id) }
}

$failures = 0
function Test-That([string]$What, [bool]$Holds) {
    if (-not $Holds) { $script:failures++; "FAILED: $What" }
}
function Reset-Site([int[]]$Ids, [bool]$There) {
    $global:rules = @{}; foreach ($id in $Ids) { $global:rules[$id] = $true }
    $global:calls = @(); $global:there = $There; $global:refused = 0
}
function Test-Throws([string]$What, [hashtable]$With) {
    $threw = $false
    if (-not $With.ContainsKey('CollectionName')) { $With.CollectionName = 'Test' }
    try { & $Script @With -WarningAction SilentlyContinue | Out-Null } catch { $threw = $true }
    Test-That $What ($threw -and $global:calls.Count -eq 0)
}
$usual = @{ CollectionName = 'Test'; Force = $true; WarningAction = 'SilentlyContinue' }

# The list in the script: 16777219 and 16777220 of site P01, made long ago.
Reset-Site @(16777219, 5) $true
$said = @(& $Script @usual)
Test-That 'a dry run changes nothing' ($global:calls.Count -eq 0 -and $global:rules.Count -eq 2)
Test-That 'it says what it would do' ($said -contains 'add 16777220' -and $said -contains 'remove 5')
& $Script @usual -Apply | Out-Null
Test-That 'it adds and removes exactly' (($global:calls -join '; ') -eq 'add 16777220; remove 5')
Test-That 'the rules are the list' ((@($global:rules.Keys | Sort-Object) -join ' ') -eq '16777219 16777220')
& $Script @usual -Apply | Out-Null
Test-That 'a second time there is nothing to do' ($global:calls.Count -eq 2)
Reset-Site @() $false
& $Script @usual | Out-Null
Test-That 'a dry run makes no collection' ($global:calls.Count -eq 0)
& $Script @usual -Apply -BatchSize 1 | Out-Null
Test-That 'it is made and filled batch by batch' (($global:calls -join '; ') -eq 'new SMS00001; add 16777219; add 16777220')
Reset-Site @() $true
$global:refused = 16777219
$threw = ''
try { & $Script @usual -Apply | Out-Null } catch { $threw = $_.Exception.Message }
Test-That 'what could not be added is told, and the others are added' ($threw -like '*16777219*' -and $global:rules.ContainsKey(16777220))
Reset-Site @(5) $true
Test-Throws 'an old list is refused' @{ Apply = $true }
Test-Throws 'another site is refused' @{ Apply = $true; Force = $true; SiteCode = 'P02' }
Test-Throws 'a pattern is refused' @{ Apply = $true; Force = $true; CollectionName = 'A*' }
$text = [IO.File]::ReadAllText($Script)
$part = Join-Path ([IO.Path]::GetTempPath()) "cutover-$PID.ps1"
$whole = $Script
try {
    [IO.File]::WriteAllText($part, $text.Replace("16777220`n'@", "'@").Replace("16777220`r`n'@", "'@"))
    $Script = $part
    Test-Throws 'a list that is not whole is refused' @{ Apply = $true; Force = $true }
    [IO.File]::WriteAllText($part, [regex]::Replace($text, "(?s)listCount = 2.*?'@\r?\n", "listCount = 0`n`$listText = ''`n"))
    Test-Throws 'nothing is emptied unasked' @{ Apply = $true; Force = $true }
    & $Script @usual -Apply -AllowEmpty | Out-Null
    Test-That 'and is when it is asked for' ($global:rules.Count -eq 0)
}
finally { $Script = $whole; Remove-Item $part }
if ($failures) { exit 1 }
'collection script: every test passed'
