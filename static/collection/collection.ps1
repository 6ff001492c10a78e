# Makes the direct members of a device collection of Configuration Manager the devices of one list of cutover.
#
#   .\collection.ps1 -CollectionName 'TLS 1.2 blockers'           shows what would be added and removed; changes nothing
#   .\collection.ps1 -CollectionName 'TLS 1.2 blockers' -Apply    does it
#
# It runs in Windows PowerShell 5.1 or later where the console of Configuration Manager is installed, as somebody who may
# change the collection. Only direct rules are added and removed; devices that come by queries or other collections stay
# as they are. The members that the site shows follow when it evaluates the collection, and only devices of the limiting
# collection become members. Take a new script for a newer list: a device that is ready by now is still in an old one.
[CmdletBinding()]
param(
    # The collection. It is made when there is none of this name.
    [Parameter(Mandatory = $true)]
    [ValidateNotNullOrEmpty()]
    [string]$CollectionName,
    # Code of the site. ResourceIDs are those of one site and mean other devices elsewhere, so it has to be the list's.
    [string]$SiteCode,
    # Server of the site; only needed where the console has never connected to it.
    [string]$SiteServer,
    # What limits the collection when it is made; SMS00001 is All Systems.
    [string]$LimitingCollectionId = 'SMS00001',
    # Without it nothing is changed.
    [switch]$Apply,
    # The list may be empty, and the collection with it.
    [switch]$AllowEmpty,
    # The list may be older than this many days ...
    [ValidateRange(1, 3650)]
    [int]$MaximumAgeDays = 7,
    # ... and is taken however old it is.
    [switch]$Force,
    # So many rules are changed at once.
    [ValidateRange(1, 1000)]
    [int]$BatchSize = 100
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2.0

# <list>
# The list stands here.
$listSite = 'P01'
$listMade = '2020-01-01T00:00:00Z'
$listCount = 2
$listText = @'
16777219
16777220
'@
$withoutCount = 1
$withoutNames = @(
    'PC-0042'
)
# </list>

# Numbers of rules, or words, in pieces of the size that was asked for.
function Split-Batch([object[]]$Items) {
    for ($from = 0; $from -lt $Items.Count; $from += $BatchSize) {
        $to = [Math]::Min($from + $BatchSize, $Items.Count) - 1
        , @($Items[$from..$to])
    }
}

# The ResourceIDs of the direct rules that a collection has, as the keys of a table.
function Get-Members([string]$CollectionId) {
    $found = @{}
    foreach ($rule in @(Get-CMDeviceCollectionDirectMembershipRule -CollectionId $CollectionId)) {
        if ($null -ne $rule) {
            $found[[int]$rule.ResourceID] = $true
        }
    }
    $found
}

# What is in the first table and not in the second, in order.
function Get-Missing([hashtable]$These, [hashtable]$Those) {
    @($These.Keys | Where-Object { -not $Those.ContainsKey($_) } | Sort-Object)
}

# Changes rules batch by batch. A batch that fails is tried again one by one, so that one device does not hold up others.
function Invoke-Change([object[]]$Ids, [scriptblock]$Change, [string]$What) {
    foreach ($batch in @(Split-Batch $Ids)) {
        try {
            & $Change ([int[]]$batch)
        }
        catch {
            Write-Warning "A batch of $(@($batch).Count) could not be $What at once ($($_.Exception.Message)); each is tried by itself."
            foreach ($id in @($batch)) {
                try {
                    & $Change ([int[]]@($id))
                }
                catch {
                    Write-Verbose "ResourceID $id could not be $($What): $($_.Exception.Message)"
                }
            }
        }
    }
}

# --- The list: whole, of this site, and new enough.

$words = @($listText -split '\s+' | Where-Object { $_ -ne '' })
if ($words.Count -ne $listCount) {
    throw "This script should hold $listCount ResourceIDs and holds $($words.Count). It is not whole; get it again."
}
$wanted = @{}
foreach ($word in $words) {
    $wanted[[int]$word] = $true
}
if (-not $SiteCode) {
    $SiteCode = $listSite
}
if ($SiteCode -ne $listSite) {
    throw "The ResourceIDs in this script are those of site $listSite and mean other devices in site $SiteCode. Get the list of that site."
}
$style = [Globalization.DateTimeStyles]::AssumeUniversal -bor [Globalization.DateTimeStyles]::AdjustToUniversal
$made = [DateTime]::ParseExact($listMade, "yyyy-MM-dd'T'HH:mm:ss'Z'", [Globalization.CultureInfo]::InvariantCulture, $style)
$age = ([DateTime]::UtcNow - $made).TotalDays
if (-not $Force) {
    if ($age -gt $MaximumAgeDays) {
        throw "This list is of $listMade, more than $MaximumAgeDays days ago. Get it again, or say -Force."
    }
    if ($age -lt -1) {
        throw "This list is of $listMade, which is still to come by the clock of this computer. Set the clock right, or say -Force."
    }
}
if ($CollectionName -match '[*?\[\]]') {
    throw 'The name of a collection with *, ?, [ or ] in it stands for several collections. Take a name without them.'
}
if ($withoutCount -gt 0) {
    $more = $withoutCount - $withoutNames.Count
    $names = $withoutNames -join ', '
    if ($more -gt 0) {
        $names = "$names and $more more"
    }
    Write-Warning "$withoutCount devices of the list have no ResourceID from 1 to 2147483647 and cannot be in the collection: $names"
}

# --- Configuration Manager.

if (-not (Get-Command -Name Get-CMDeviceCollection -ErrorAction SilentlyContinue)) {
    if (-not $env:SMS_ADMIN_UI_PATH) {
        throw 'The console of Configuration Manager is not installed here. Run this where it is.'
    }
    Import-Module -Name (Join-Path -Path (Split-Path -Path $env:SMS_ADMIN_UI_PATH -Parent) -ChildPath 'ConfigurationManager.psd1')
}
if (-not (Get-PSDrive -Name $SiteCode -ErrorAction SilentlyContinue)) {
    if (-not $SiteServer) {
        throw "There is no drive for site $SiteCode here. Say which server it has with -SiteServer."
    }
    New-PSDrive -Name $SiteCode -PSProvider CMSite -Root $SiteServer | Out-Null
}
Push-Location -Path "$($SiteCode):\"
try {
    $collections = @(Get-CMDeviceCollection -Name $CollectionName | Where-Object { $null -ne $_ })
    if ($collections.Count -gt 1) {
        throw "There are $($collections.Count) device collections named '$CollectionName'."
    }
    $present = @{}
    $collectionId = ''
    if ($collections.Count -eq 1) {
        $collectionId = [string]$collections[0].CollectionID
        if ($collectionId -like 'SMS*') {
            throw "'$CollectionName' comes with Configuration Manager and is not changed. Take another name."
        }
        $present = Get-Members $collectionId
    }
    $toAdd = @(Get-Missing $wanted $present)
    $toRemove = @(Get-Missing $present $wanted)
    if ($wanted.Count -eq 0 -and $present.Count -gt 0 -and -not $AllowEmpty) {
        throw "The list is empty, and '$CollectionName' has $($present.Count) direct rules. Say -AllowEmpty if it is to be emptied."
    }

    # --- What there is to do.

    if ($collectionId -eq '') {
        "collection '$CollectionName' is to be made, limited by $LimitingCollectionId"
    }
    foreach ($id in $toAdd) {
        "add $id"
    }
    foreach ($id in $toRemove) {
        "remove $id"
    }
    "$($toAdd.Count) to add, $($toRemove.Count) to remove, $($wanted.Count - $toAdd.Count) stay; list of $listMade, site $listSite"
    if (-not $Apply) {
        'Nothing was changed. Say -Apply to do it.'
        return
    }

    # --- And doing it.

    if ($collectionId -eq '') {
        $new = New-CMDeviceCollection -Name $CollectionName -LimitingCollectionId $LimitingCollectionId -Comment "Made from a list of cutover of $listMade"
        $collectionId = [string]$new.CollectionID
    }
    Invoke-Change $toAdd { param([int[]]$Ids) Add-CMDeviceCollectionDirectMembershipRule -CollectionId $collectionId -ResourceId $Ids } 'added'
    Invoke-Change $toRemove { param([int[]]$Ids) Remove-CMDeviceCollectionDirectMembershipRule -CollectionId $collectionId -ResourceId $Ids -Force } 'removed'

    # What counts is what the site has now.
    $present = Get-Members $collectionId
    $notAdded = @(Get-Missing $wanted $present)
    $notRemoved = @(Get-Missing $present $wanted)
    if ($notAdded.Count -gt 0 -or $notRemoved.Count -gt 0) {
        throw "The collection does not match the list: not added: $($notAdded -join ' '); not removed: $($notRemoved -join ' '). Say -Verbose to see why."
    }
    "Done: '$CollectionName' ($collectionId) has a direct rule for each of the $($wanted.Count) devices, and no other."
}
finally {
    Pop-Location
}
