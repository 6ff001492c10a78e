# The cipher suite order that policy gives, and the one in force where Windows can tell. Changes nothing.
$key = 'HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002'
if ((Test-Path -Path $key) -and ((Get-Item -Path $key).GetValueNames() -contains 'Functions')) {
    'By policy:'
    ((Get-Item -Path $key).GetValue('Functions') -join ',').Split(',')
}
else {
    'No policy sets the order; the default of Windows counts.'
}
if (Get-Command -Name Get-TlsCipherSuite -ErrorAction SilentlyContinue) {
    'In force:'
    Get-TlsCipherSuite | ForEach-Object { $_.Name }
}
