# What WinHTTP and its helper are: numbers to compare, not text. Changes nothing.
foreach ($folder in @('System32', 'SysWOW64')) {
    foreach ($name in @('winhttp.dll', 'webio.dll')) {
        $path = "$env:windir\$folder\$name"
        if (Test-Path -Path $path) {
            $info = (Get-Item -Path $path).VersionInfo
            "$folder\$name $($info.FileMajorPart).$($info.FileMinorPart).$($info.FileBuildPart).$($info.FilePrivatePart)"
        }
    }
}
