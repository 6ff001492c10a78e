# Which .NET Framework 4 is there: 394802 is 4.6.2, 528040 is 4.8. Changes nothing.
$key = 'HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full'
if (Test-Path -Path $key) {
    "Release $((Get-ItemProperty -Path $key).Release)"
}
else {
    'No .NET Framework 4 is there.'
}
