# Which WsusService.exe is there. Changes nothing.
$path = "$env:ProgramFiles\Update Services\Service\bin\WsusService.exe"
if (Test-Path -Path $path) {
    $info = (Get-Item -Path $path).VersionInfo
    "WsusService.exe $($info.FileMajorPart).$($info.FileMinorPart).$($info.FileBuildPart).$($info.FilePrivatePart)"
}
else {
    'WSUS is not installed here.'
}
