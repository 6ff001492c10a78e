@echo off
rem Reads what decides about TLS 1.2 on this computer into one text file, for machines on which scripts are locked
rem down: it needs cmd and reg.exe alone (Windows XP and later), no PowerShell, no script host, no internet.
rem
rem   cutover-collect.cmd [folder]
rem
rem The file is named for the computer and goes into the folder, or beside this script when none is given; a share
rem that the computer's account may write to will do. It is written under another name and renamed when it is whole.
rem Nothing on the computer is changed. Started by a 32-bit program on 64-bit Windows, it starts itself again as a
rem 64-bit one through SysNative. Where reg.exe knows /reg:64 and /reg:32 (Windows 7 and later) both views of the
rem registry are asked for by name; on older 64-bit systems a 64-bit cmd reads both by their paths.
rem
rem It ends with 0 when the file was written, 2 when the folder cannot be written to, 3 when reg.exe cannot be run.
rem
rem When the file was made is the time of the file: cmd cannot name a time that every computer understands.
setlocal DisableDelayedExpansion EnableExtensions
set "errorlevel="

set "folder=%~1"
if not defined folder set "folder=%~dp0"
if "%folder:~-1%"=="\" set "folder=%folder:~0,-1%"

rem A 32-bit cmd on 64-bit Windows is shown the 32-bit registry under the names of the native one.
if not defined PROCESSOR_ARCHITEW6432 goto started
if not exist "%SystemRoot%\SysNative\cmd.exe" goto started
"%SystemRoot%\SysNative\cmd.exe" /d /c call "%~f0" "%folder%\."
exit /b %errorlevel%

:started
set "reg=%SystemRoot%\System32\reg.exe"
if not exist "%reg%" goto noreg
if not defined COMPUTERNAME goto noname
set "final=%folder%\%COMPUTERNAME%.cutover.txt"
set "half=%folder%\%COMPUTERNAME%.cutover.part"

set "to64="
set "to32="
set "views=path"
"%reg%" query HKLM\SOFTWARE /reg:64 >nul 2>&1
if %errorlevel% equ 0 set "views=reg"
if /i not "%PROCESSOR_ARCHITECTURE%"=="x86" goto known
set "views=one"
if not defined PROCESSOR_ARCHITEW6432 goto known
set "views=redirected"
"%reg%" query HKLM\SOFTWARE /reg:64 >nul 2>&1
if %errorlevel% equ 0 set "views=reg"
:known
if not "%views%"=="reg" goto write
set "to64=/reg:64"
set "to32=/reg:32"

:write
if exist "%half%" del /q "%half%"
if exist "%half%" goto nowhere
call :everything >"%half%" 2>&1
if not exist "%half%" goto nowhere
set "last="
for /f "usebackq eol=| delims=" %%L in ("%half%") do set "last=%%L"
if not "%last%"=="; end %asked%" goto cutoff
move /y "%half%" "%final%" >nul
if exist "%half%" goto nowhere
if not exist "%final%" goto nowhere
echo Written: %final%
exit /b 0

:noreg
echo cutover-collect: %reg% is not there, so nothing can be read. 1>&2
exit /b 3

:noname
echo cutover-collect: the variable COMPUTERNAME is empty, so the file would have no name. 1>&2
exit /b 2

:nowhere
echo cutover-collect: the file cannot be written. Give a folder that is there and may be written to. 1>&2
exit /b 2

:cutoff
echo cutover-collect: %half% was not written to its end; the disk may be full. 1>&2
exit /b 2


:everything
set asked=0
echo ; cutover-collect 1
echo ; environment
set COMPUTERNAME
set PROCESSOR_ARCHITE
if defined USERDNSDOMAIN set USERDNSDOMAIN
echo ; version
ver
echo ; clock %DATE% %TIME% (local time, as this computer writes it)
echo ; views %views%

set "services=HKLM\SYSTEM\CurrentControlSet\Services"
set "control=HKLM\SYSTEM\CurrentControlSet\Control"
call :value one "%control%\ComputerName\ActiveComputerName" ComputerName
call :value one "%control%\ComputerName\ComputerName" ComputerName
call :value one "%services%\Tcpip\Parameters" Hostname
call :value one "%services%\Tcpip\Parameters" Domain
call :value one "%control%\ProductOptions" ProductType
call :key tree one "%control%\SecurityProviders\SCHANNEL"
call :key ask one "%control%\Lsa\FipsAlgorithmPolicy"
call :value one "%control%\Lsa" FIPSAlgorithmPolicy

rem What a redirected program is shown under the native names is not worth having.
set "microsoft=HKLM\SOFTWARE\Microsoft"
if "%views%"=="redirected" goto second
set "current=%microsoft%\Windows NT\CurrentVersion"
call :value 64 "%current%" CurrentBuildNumber
call :value 64 "%current%" CurrentMajorVersionNumber
call :value 64 "%current%" CurrentMinorVersionNumber
call :value 64 "%current%" CurrentVersion
call :value 64 "%current%" CSDVersion
call :value 64 "%current%" ProductName
call :value 64 "%current%" InstallationType
call :key ask 64 "%microsoft%\Windows\CurrentVersion\Internet Settings\WinHttp"
call :key ask 64 "%microsoft%\.NETFramework"
call :key ask 64 "%microsoft%\.NETFramework\v4.0.30319"
call :key ask 64 "%microsoft%\.NETFramework\v2.0.50727"
call :key ask 64 "%microsoft%\NET Framework Setup\NDP\v4\Full"
call :key ask 64 "%microsoft%\NET Framework Setup\NDP\v3.5"
call :key ask 64 "HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002"

:second
if "%views%"=="one" goto end
if not "%views%"=="reg" set "microsoft=HKLM\SOFTWARE\Wow6432Node\Microsoft"
call :key ask 32 "%microsoft%\Windows\CurrentVersion\Internet Settings\WinHttp"
call :key ask 32 "%microsoft%\.NETFramework\v4.0.30319"
call :key ask 32 "%microsoft%\.NETFramework\v2.0.50727"

:end
echo ; end %asked%
exit /b 0


rem :key ask|tree view key
:key
set /a asked+=1
set "view=%~2"
set "key=%~3"
call :switch
set "below="
if "%~1"=="tree" set "below=/s"
echo ; %~1 %view% %key%
"%reg%" query "%key%" %below% %switch%
if %errorlevel% equ 0 goto there
goto missing

rem :value view key name
:value
set /a asked+=1
set "view=%~1"
set "key=%~2"
call :switch
echo ; value %view% %key%^|%~3
"%reg%" query "%key%" /v "%~3" %switch%
if %errorlevel% equ 0 goto there
rem A key is read as a whole or not at all, so the value is not there when the key can be read.
"%reg%" query "%key%" %switch% >nul 2>&1
if %errorlevel% equ 0 goto novalue
goto missing

:switch
set "switch="
if "%view%"=="64" set "switch=%to64%"
if "%view%"=="32" set "switch=%to32%"
exit /b 0

rem reg.exe ends with 1 when a key is not there and also when it may not be read. Which of the two it is is told by
rem the list of the keys beside it: from the top down, each part of the path has to be on the list of the one above.
:missing
set "at=HKLM"
set "full=HKEY_LOCAL_MACHINE"
set "rest=%key:~5%"
:step
set "name="
set "others="
for /f "tokens=1* delims=\" %%A in ("%rest%") do (
    set "name=%%A"
    set "others=%%B"
)
set "rest=%others%"
if not defined name goto unreadable
set "whole="
set "listed="
for /f "delims=" %%L in ('^""%reg%" query "%at%" %switch% ^&^& echo whole^"') do (
    if "%%L"=="whole" set "whole=1"
    if /i "%%L"=="%full%\%name%" set "listed=1"
)
rem A list that did not come to its end proves nothing.
if not defined whole goto unreadable
if not defined listed goto absent
if not defined rest goto unreadable
set "at=%at%\%name%"
set "full=%full%\%name%"
goto step

:there
echo ; there
exit /b 0

:novalue
echo ; no value
exit /b 0

:absent
echo ; absent
exit /b 0

:unreadable
echo ; unreadable
exit /b 0
